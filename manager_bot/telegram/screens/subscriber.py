"""A subscriber's screens."""

from __future__ import annotations

import html
import re
import secrets
from dataclasses import dataclass

from manager_bot.clock import Clock
from manager_bot.errors import PlanTooSmall
from manager_bot.plans import PLANS, Plan, plan_of
from manager_bot.services.agents import Agents
from manager_bot.services.sizing import Size, Sizing
from manager_bot.services.usage import Usage
from manager_bot.telegram.callbacks import Go, Goto, Speak, Take
from manager_bot.telegram.figures import table
from manager_bot.telegram.screens.home import agent_card, today
from manager_bot.telegram.screens.model import model_line
from manager_bot.telegram.states import BotStep, Deletion
from manager_bot.telegram.view import Key, Row, View, back, cancel
from manager_bot.telegram.words import LANGUAGE_NAMES, Words, joined
from manager_bot.texts import Html, Texts
from models import Agent, Archive, Tier, User

LOG_CHARACTERS = 3300


@dataclass(frozen=True, slots=True)
class Screens:
    """Every screen of a subscriber. ``one_tap`` says whether Telegram lets the manager make bots, ``github_first``
    whether GitHub comes before the plan.
    """

    texts: Texts
    clock: Clock
    sizing: Sizing
    agents: Agents
    usage_of: Usage
    one_tap: bool
    github_first: bool = False

    def words(self, user: User) -> Words:
        """The user's language."""
        return Words(self.texts, user.language)

    async def home(self, user: User) -> View:
        """Where a user is at home: the agent's card, or the next step towards one."""
        agent = await Agent.get_or_none(user_id=user.id)
        if agent is not None:
            budget = await self.usage_of.budgets.state(user.id)
            size = self._size(plan_of(str(user.plan)))
            return agent_card(self.words(user), user, agent, budget, size=size, now=self.clock.now())
        return self.welcome(user) if user.plan is None else await self._nothing_yet(user)

    async def for_state(self, user: User, state: str | None) -> View:
        """The screen that is waiting in *state*; home where none is."""
        if state == BotStep.token.state:
            return self.bot(user)
        if state == Deletion.name.state:
            return self.delete(user, await self.agents.of(user))
        return await self.home(user)

    async def after_github(self, user: User) -> View:
        """GitHub was connected in the browser: say so, and go on."""
        done = self.words(user)("notice.github_connected", login=user.github_username)
        has_agent = await Agent.exists(user_id=user.id)
        return (await self.home(user) if has_agent else await self.plans(user)).noted(done)

    def welcome(self, user: User) -> View:
        """The first words."""
        words = self.words(user)
        start = Key(words("button.get_started"), Go(to=self._first_step(user)))
        return View("welcome", words("welcome", name=user.name), (self._languages(user, first=True), (start,)))

    def language(self, user: User) -> View:
        """Choose a language."""
        words = self.words(user)
        return View("language", words("language"), (self._languages(user, first=False), (back(words, Goto.HOME),)))

    async def plans(self, user: User) -> View:
        """The plans as they really are here and now: their limits on this host, and whether there is room."""
        words = self.words(user)
        has_agent = await Agent.exists(user_id=user.id)
        room = await self.sizing.room()
        lines = [
            self._plan(words, plan, room[plan.name], mine=has_agent and user.plan == plan.name)
            for plan in PLANS.values()
        ]
        choices: list[Row] = (
            []
            if has_agent
            else [[Key(words("button.plan_of", plan=words(f"plan.{name}.name")), Take(plan=name)) for name in PLANS]]
        )
        way = [back(words, Goto.HOME)] if has_agent else [back(words, Goto.WELCOME), cancel(words)]
        intro = words("plans.mine" if has_agent else "plans.choose")
        return View("plans", joined(intro, *lines, words("plans.tokens"), gap="\n\n"), (*choices, way))

    def bot(self, user: User) -> View:
        """The bot step: by one tap where Telegram allows it, or a pasted token."""
        words = self.words(user)
        text = joined(words("bot.one_tap") if self.one_tap else "", words("bot.paste"), gap="\n\n")
        rows = (
            [Key(words("button.botfather"), url="https://t.me/BotFather")],
            [back(words, Goto.PLANS), cancel(words)],
        )
        return View(
            "bot",
            joined(words("bot.title"), text, gap="\n\n"),
            rows,
            awaits=BotStep.token.state,
            one_tap=self._suggestion(user),
        )

    def checking(self, user: User) -> View:
        """While Telegram is asked about a bot."""
        text = self.words(user)("bot.checking")
        return View("checking", text, awaits=BotStep.token.state, one_tap=self._suggestion(user))

    async def usage(self, user: User) -> View:
        """What was spent: today, in 7 and in 30 days, and on what kind of question today."""
        words = self.words(user)
        report = await self.usage_of.report(user.id)
        periods = (report.today, report.week, report.month)
        counts = table(
            [
                ["", words("usage.days.1"), words("usage.days.7"), words("usage.days.30")],
                [words("usage.messages"), *(words.number(period.messages) for period in periods)],
                [words("usage.tokens"), *(words.number(period.tokens) for period in periods)],
            ]
        )
        tiers = [[words(f"usage.tier.{tier.value}"), words.number(report.tiers_today[tier].tokens)] for tier in Tier]
        kinds = table([["", words("usage.tokens_today")], *tiers])
        head = today(words, report.budget)
        saved = report.today.saved
        own = joined(
            words("usage.saved", tokens=words.number(saved)) if saved else "",
            model_line(words, user),
        )
        text = joined(words("usage.title"), head, counts, kinds, own, words("usage.note"), gap="\n\n")
        keys = [Key(words("button.refresh"), Go(to=Goto.USAGE)), Key(words("button.model"), Go(to=Goto.MODEL))]
        return View("usage", text, (keys, [back(words, Goto.HOME)]))

    async def logs(self, user: User) -> View:
        """The agent's last lines; raises :class:`~manager_bot.errors.AgentMissing`."""
        words = self.words(user)
        lines = (await self.agents.logs(user)).strip()
        text = joined(words("logs.title"), log_block(lines) if lines else words("logs.empty"), gap="\n\n")
        return View("logs", text, ([Key(words("button.refresh"), Go(to=Goto.LOGS)), back(words, Goto.HOME)],))

    def delete(self, user: User, agent: Agent) -> View:
        """Ask once more, by having the name typed."""
        words = self.words(user)
        text = words("delete.ask", bot=agent.bot_username)
        return View("delete", text, ([back(words, Goto.HOME), cancel(words)],), awaits=Deletion.name.state)

    def help(self, user: User) -> View:
        """What one can do here."""
        words = self.words(user)
        home, privacy = Key(words("button.home"), Go(to=Goto.HOME)), Key(words("button.privacy"), Go(to=Goto.PRIVACY))
        return View("help", words("help"), ([home, privacy],))

    def privacy(self, user: User) -> View:
        """What is kept, and for how long."""
        words = self.words(user)
        return View(
            "privacy",
            joined(words("privacy"), words("privacy.github") if self.github_first else ""),
            ([Key(words("button.home"), Go(to=Goto.HOME))],),
        )

    def suspended(self, user: User) -> View:
        """All that a suspended person sees."""
        return View("suspended", self.words(user)("error.suspended"))

    async def _nothing_yet(self, user: User) -> View:
        words = self.words(user)
        kept = await Archive.filter(user_id=user.id, purge_at__gt=self.clock.now()).order_by("-id").first()
        note = words("home.kept", bot=kept.bot_username, day=words.day(kept.purge_at)) if kept else Html("")
        rows = (
            [Key(words("button.create"), Go(to=self._first_step(user)))],
            [Key(words("button.language"), Go(to=Goto.LANGUAGE))],
        )
        return View("nothing", joined(note, words("home.nothing"), gap="\n\n"), rows)

    def _plan(self, words: Words, plan: Plan, room: int, *, mine: bool) -> Html:
        """One plan's lines; where the host cannot give it its own memory, that is said."""
        size = self._size(plan)
        remark = words("plans.raised", memory=words.memory(size.memory_mb)) if size and size.raised else ""
        places = (
            words("plans.unfit") if size is None else words.count("plans.room", room) if room else words("plans.full")
        )
        title = words("plans.title.mine" if mine else "plans.title", plan=words(f"plan.{plan.name}.name"))
        limits = words(
            "plans.limits",
            memory=words.memory(plan.memory_mb),
            cpu=words.number(plan.cpu),
            tokens=words.number(plan.tokens_per_day),
        )
        timers = words("plans.timers") if plan.timers else ""
        return joined(title, words(f"plan.{plan.name}.about"), limits, timers, remark, "" if mine else places)

    def _size(self, plan: Plan) -> Size | None:
        """What an agent of *plan* gets here; nothing where it cannot run here at all."""
        try:
            return self.sizing.size_of(plan)
        except PlanTooSmall:
            return None

    def _first_step(self, user: User) -> Goto:
        return Goto.GITHUB if self.github_first and user.github_id is None else Goto.PLANS

    def _suggestion(self, user: User) -> str | None:
        return _suggested_username(user) if self.one_tap else None

    def _languages(self, user: User, *, first: bool) -> Row:
        return [
            Key(
                ("✓ " if code == user.language else "") + LANGUAGE_NAMES.get(code, code),
                Speak(language=code, first=first),
            )
            for code in self.texts.languages
        ]


def log_block(lines: str) -> Html:
    """The end of a log, as much as one message holds."""
    return Html(f"<pre>{html.escape(lines[-LOG_CHARACTERS:])}</pre>")


def _suggested_username(user: User) -> str:
    """A username that is most likely free: the person's own, or their name, and a few letters."""
    base = re.sub(r"[^A-Za-z0-9]", "", user.username or user.name) or "My"
    base = base if base[0].isalpha() else f"My{base}"
    return f"{base[:18]}_{secrets.token_hex(2)}_bot"
