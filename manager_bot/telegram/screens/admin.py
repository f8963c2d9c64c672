"""An admin's screens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.expressions import Q

from manager_bot.clock import Clock, utc_day
from manager_bot.plans import PLANS
from manager_bot.services.accounts import Accounts
from manager_bot.services.agents import Agents
from manager_bot.services.sizing import Sizing, plans_there
from manager_bot.services.usage import Usage, total
from manager_bot.telegram.callbacks import AdminGo, AdminGoto, AdminUser, AdminUsers, AdminVerb
from manager_bot.telegram.notices import incident_text, seen_by
from manager_bot.telegram.ports import IncidentDesk
from manager_bot.telegram.screens.capacity import capacity_table, capacity_view
from manager_bot.telegram.screens.home import Condition, condition_of, today
from manager_bot.telegram.screens.subscriber import log_block
from manager_bot.telegram.states import Search
from manager_bot.telegram.view import Key, Row, View
from manager_bot.telegram.words import Words, joined
from manager_bot.texts import Html, Texts
from models import Agent, DesiredState, Rest, UsageLog, User

PAGE = 8
INCIDENTS = 5
MARKS = {
    Condition.RUNNING: "🟢",
    Condition.NEW: "🟢",
    Condition.STARTING: "🟡",
    Condition.RESTARTING: "🟡",
    Condition.STOPPING: "🟡",
    Condition.STOPPED: "⚪️",
    Condition.DROWSY: "💤",
    Condition.ASLEEP: "💤",
    Condition.WAKING: "🟡",
    Condition.TROUBLED: "🔴",
    Condition.DELETING: "🗑",
    Condition.SUSPENDED: "⛔️",
}


@dataclass(frozen=True, slots=True)
class AdminScreens:
    """Every screen of an admin; *reader* is the admin looking."""

    texts: Texts
    clock: Clock
    sizing: Sizing
    accounts: Accounts
    agents: Agents
    usage: Usage
    incidents: IncidentDesk

    async def overview(self, reader: User) -> View:
        """The platform on one card."""
        words = self._words(reader)
        agents = await Agent.all().select_related("user")
        states = Counter(condition_of(agent.user, agent) for agent in agents)
        lines = [
            words("admin.state", mark=MARKS[state], state=words(f"admin.condition.{state.value}"), count=states[state])
            for state in Condition
            if states[state]
        ]
        spent = total(await UsageLog.filter(date=utc_day(self.clock.now())))
        saved = words("admin.saved", tokens=words.number(spent.saved)) if spent.saved else ""
        tokens = joined(words("admin.tokens", tokens=words.number(spent.tokens)), saved)
        wrong = len(await self.incidents.open_incidents())
        text = joined(
            words("admin.title"),
            joined(words("admin.people", people=await User.all().count(), agents=len(agents)), *lines),
            await self._capacity(words),
            joined(tokens, words.count("admin.incidents", wrong) if wrong else words("admin.all_well")),
            gap="\n\n",
        )
        refresh = Key(words("button.refresh"), AdminGo(to=AdminGoto.OVERVIEW))
        users = Key(words("button.users"), AdminUsers(page=0))
        troubles = Key(words("button.incidents"), AdminGo(to=AdminGoto.INCIDENTS))
        room = Key(words("button.capacity"), AdminGo(to=AdminGoto.CAPACITY))
        return View("admin", text, ([users, troubles], [room, refresh]))

    async def capacity(self, reader: User) -> View:
        """What fits on this host, and from what that is computed."""
        words, there = self._words(reader), await plans_there()
        rows = [
            (
                str(words(f"plan.{fit.plan.name}.name")),
                str(words.memory(fit.size.memory_mb)),
                *(str(count) for count in (fit.in_all, fit.at_once, fit.more)),
            )
            for fit in self.sizing.fits_of(there)
        ]
        return capacity_view(
            words,
            self.sizing,
            (len(there), await Agent.filter(rest=Rest.ASLEEP).count()),
            await self.sizing.expected_mb(),
            capacity_table(words, rows),
        )

    async def users(self, reader: User, page: int = 0, search: str = "") -> View:
        """People with the state of their agents; *search* looks in names and usernames."""
        words = self._words(reader)
        found = User.filter(_matching(search)) if search else User.all()
        count = await found.count()
        page = max(0, min(page, (count - 1) // PAGE))
        people = await found.order_by("-id").offset(page * PAGE).limit(PAGE)
        agents = {agent.user_id: agent for agent in await Agent.filter(user_id__in=[user.id for user in people])}
        rows: list[Row] = [[self._user_key(user, agents.get(user.id))] for user in people]
        turn = [Key("‹", AdminUsers(page=page - 1))] if page and not search else []
        turn += [Key("›", AdminUsers(page=page + 1))] if (page + 1) * PAGE < count and not search else []
        look = Key(words("button.search"), AdminGo(to=AdminGoto.SEARCH))
        rows += [turn, [look, Key(words("button.overview"), AdminGo(to=AdminGoto.OVERVIEW))]]
        title = words("admin.found", search=search) if search else words("admin.users")
        return View("admin_users", joined(title, words.count("admin.users.count", count)), rows)

    def search(self, reader: User) -> View:
        """Whom are you looking for?"""
        words = self._words(reader)
        rows = ([Key(words("button.back"), AdminUsers(page=0))],)
        return View("admin_search", words("admin.search"), rows, awaits=Search.text.state)

    async def user(self, reader: User, user: User) -> View:
        """One person and their agent."""
        words = self._words(reader)
        agent = await Agent.get_or_none(user_id=user.id)
        plan = words(f"plan.{user.plan}.name") if user.plan else words("admin.no_plan")
        name = words("admin.user", name=user.name, username=f"@{user.username}" if user.username else "")
        text = joined(
            joined(name, words("admin.user.plan", plan=plan, day=words.day(user.created_at))),
            self._agent(words, user, agent),
            today(words, await self.usage.budgets.state(user.id)) if user.plan else "",
            gap="\n\n",
        )
        return View("admin_user", text, self._user_keys(words, user, agent))

    async def sure(self, reader: User, user: User) -> View:
        """Suspending somebody is asked twice."""
        words = self._words(reader)
        yes = Key(words("button.suspend_sure"), AdminUser(verb=AdminVerb.SUSPEND_SURE, user_id=user.id))
        no = Key(words("button.back"), AdminUser(verb=AdminVerb.SHOW, user_id=user.id))
        return View("admin_sure", words("admin.sure", name=user.name), ([yes], [no]))

    async def logs(self, reader: User, user: User) -> View:
        """An agent's last lines, redacted."""
        words = self._words(reader)
        lines = (await self.agents.logs(user)).strip()
        title = words("admin.logs", name=user.name)
        again = Key(words("button.refresh"), AdminUser(verb=AdminVerb.LOGS, user_id=user.id))
        way = Key(words("button.back"), AdminUser(verb=AdminVerb.SHOW, user_id=user.id))
        return View(
            "admin_logs", joined(title, log_block(lines) if lines else words("logs.empty"), gap="\n\n"), ([again, way],)
        )

    async def troubles(self, reader: User) -> View:
        """Open incidents."""
        words = self._words(reader)
        there = await self.incidents.open_incidents()
        agents = {agent.id: agent for agent in await Agent.all().select_related("user")}
        shown = [
            incident_text(words, one, agents.get(one.agent_id or 0), tail=False, seen_by=await seen_by(one))
            for one in there[:INCIDENTS]
        ]
        body = joined(*shown, gap="\n\n") if shown else words("admin.all_well")
        keys: list[Row] = [
            [self._user_key(agent.user, agent)]
            for agent in {
                one.agent_id: agents[one.agent_id] for one in there[:INCIDENTS] if one.agent_id in agents
            }.values()
        ]
        refresh = Key(words("button.refresh"), AdminGo(to=AdminGoto.INCIDENTS))
        overview = Key(words("button.overview"), AdminGo(to=AdminGoto.OVERVIEW))
        return View(
            "admin_incidents", joined(words("admin.incidents.title"), body, gap="\n\n"), [*keys, [refresh, overview]]
        )

    def _words(self, reader: User) -> Words:
        return Words(self.texts, reader.language)

    async def _capacity(self, words: Words) -> Html:
        room = await self.sizing.room()
        plans = ", ".join(f"{words(f'plan.{name}.name')} {room[name]}" for name in PLANS)
        expected = words.memory(await self.sizing.expected_mb())
        return words("admin.capacity", expected=expected, total=words.memory(self.sizing.total_mb), plans=Html(plans))

    def _agent(self, words: Words, user: User, agent: Agent | None) -> Html:
        if agent is None:
            return words("admin.no_agent")
        state = condition_of(user, agent)
        line = words(
            "admin.agent", mark=MARKS[state], bot=agent.bot_username, state=words(f"admin.condition.{state.value}")
        )
        trouble = words(f"trouble.{agent.trouble.value}") if agent.trouble else ""
        return joined(line, trouble, words.count("admin.restarts", agent.restart_count) if agent.restart_count else "")

    def _user_keys(self, words: Words, user: User, agent: Agent | None) -> Sequence[Row]:
        def key(verb: AdminVerb) -> Key:
            return Key(words(f"button.admin.{verb.value}"), AdminUser(verb=verb, user_id=user.id))

        rows: list[Row] = []
        if agent is not None and agent.desired_state is not DesiredState.REMOVED:
            up = agent.desired_state is DesiredState.RUNNING
            rows.append([key(AdminVerb.RESTART), key(AdminVerb.STOP if up else AdminVerb.START), key(AdminVerb.LOGS)])
            if up:
                rows.append([key(AdminVerb.SLEEP if agent.rest is Rest.AWAKE else AdminVerb.WAKE)])
        rows.append([key(AdminVerb.GRANT), key(AdminVerb.SUSPEND if user.is_active else AdminVerb.RESUME)])
        refresh = Key(words("button.refresh"), AdminUser(verb=AdminVerb.SHOW, user_id=user.id))
        return [*rows, [refresh, Key(words("button.users"), AdminUsers(page=0))]]

    def _user_key(self, user: User, agent: Agent | None) -> Key:
        mark = MARKS[condition_of(user, agent)] if agent else "▫️" if user.is_active else MARKS[Condition.SUSPENDED]
        name = f"{mark} {user.name}" + (f" → @{agent.bot_username}" if agent else "")
        return Key(name[:60], AdminUser(verb=AdminVerb.SHOW, user_id=user.id))


def _matching(search: str) -> Q:
    text = search.strip().removeprefix("@")
    names = Q(name__icontains=text) | Q(username__icontains=text) | Q(agent__bot_username__icontains=text)
    return names | Q(telegram_id=int(text)) if text.isdecimal() and len(text) < 19 else names
