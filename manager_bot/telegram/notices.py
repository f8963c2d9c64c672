"""What each kind of notification says, in the reader's language, as things are when it is sent."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiogram.types import InlineKeyboardMarkup

from manager_bot.services.alerts import subject_of
from manager_bot.services.outbox import NoticeKind
from manager_bot.telegram.callbacks import AdminAlert, AdminGo, AdminGoto, AlertVerb, Ask, Go, Goto, Verb
from manager_bot.telegram.figures import bar
from manager_bot.telegram.screens.home import OWNERS_TURN
from manager_bot.telegram.view import Key, Row, markup
from manager_bot.telegram.words import Words, joined
from manager_bot.texts import Html
from models import Agent, Cause, Incident, Notification, Trouble, User

TAIL_LINES = 8
TAIL_CHARACTERS = 1500

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """A message ready to be sent; where there is one about the subject *answers* in the chat, as a reply to it."""

    text: Html
    rows: tuple[Row, ...] = ()
    answers: str | None = None

    @property
    def markup(self) -> InlineKeyboardMarkup | None:
        """Its buttons."""
        return markup(self.rows)


async def render(notification: Notification, words: Words) -> Notice | None:
    """The notice, or nothing when what it is about is gone."""
    return await _RENDERERS[NoticeKind(notification.kind)](words, notification.values)


def _home(words: Words) -> Key:
    return Key(words("button.home"), Go(to=Goto.HOME))


async def _watchdog_started(words: Words, values: Values) -> Notice:
    text = words("notice.watchdog_started", agents=values["agents"], running=values["running"])
    return Notice(text, ([Key(words("button.overview"), AdminGo(to=AdminGoto.OVERVIEW))],))


async def _incident(words: Words, values: Values) -> Notice | None:
    incident = await Incident.get_or_none(id=values["incident_id"])
    if incident is None:
        return None
    agent = await Agent.get_or_none(id=incident.agent_id).select_related("user") if incident.agent_id else None
    text = incident_text(words, incident, agent, seen_by=await seen_by(incident))
    return Notice(text, _incident_keys(words, incident, agent))


async def _incident_reminder(words: Words, values: Values) -> Notice | None:
    """Nothing where it was closed or taken on while the reminder was under way."""
    incident = await Incident.get_or_none(id=values["incident_id"])
    if incident is None or incident.closed_at is not None or incident.acknowledged_at is not None:
        return None
    agent = await Agent.get_or_none(id=incident.agent_id).select_related("user") if incident.agent_id else None
    head = words("notice.incident_reminder", time=words.clock(incident.opened_at))
    text = joined(head, incident_text(words, incident, agent, tail=False), gap="\n\n")
    return Notice(text, _incident_keys(words, incident, agent), subject_of(incident.id))


async def _incident_worse(words: Words, values: Values) -> Notice | None:
    """A sound for what the edited alert says already."""
    incident = await Incident.get_or_none(id=values["incident_id"])
    if incident is None or incident.closed_at is not None:
        return None
    agent = await Agent.get_or_none(id=incident.agent_id).select_related("user") if incident.agent_id else None
    text = words("notice.incident_worse", who=_who(words, agent), cause=words(f"cause.{incident.cause.value}"))
    text = joined(text, _attempts(words, incident))
    return Notice(text, _incident_keys(words, incident, agent), subject_of(incident.id))


async def seen_by(incident: Incident) -> str:
    """The name of the admin who acknowledged it."""
    admin = await User.get_or_none(telegram_id=incident.acknowledged_by) if incident.acknowledged_by else None
    return admin.name if admin else ""


async def _incident_over(words: Words, values: Values) -> Notice | None:
    incident = await Incident.get_or_none(id=values["incident_id"])
    if incident is None:
        return None
    agent = await Agent.get_or_none(id=incident.agent_id) if incident.agent_id else None
    text = words("notice.incident_over", who=_who(words, agent), cause=words(f"cause.{incident.cause.value}"))
    return Notice(text, answers=subject_of(incident.id))


def incident_text(
    words: Words, incident: Incident, agent: Agent | None, *, tail: bool = True, seen_by: str = ""
) -> Html:
    """Everything an admin needs to judge it at a glance; *agent* comes with its user."""
    icon = "✅" if incident.closed_at else {"critical": "🔴", "warning": "🟠", "info": "🔵"}[incident.severity.value]
    lines = [words("incident.head", icon=icon, who=_who(words, agent)), words(f"cause.{incident.cause.value}")]
    if agent is not None:
        lines.append(words("incident.owner", name=agent.user.name))
    if incident.exit_code is not None:
        lines.append(words("incident.exit_code", code=incident.exit_code))
    if incident.memory_mb is not None:
        what = "incident.memory_left" if incident.cause is Cause.MEMORY_SHORT else "incident.memory"
        lines.append(words(what, memory=words.memory(incident.memory_mb)))
    if incident.cause is Cause.MASS_FAILURE:
        lines.append(words.count("incident.agents", incident.occurrences))
    elif incident.occurrences > 1:
        lines.append(words.count("incident.occurrences", incident.occurrences))
    lines.append(_attempts(words, incident))
    if incident.closed_at is not None:
        lines.append(words("incident.closed", time=words.clock(incident.closed_at)))
        return joined(joined(*lines), _tail(incident.log_tail) if tail else "", gap="\n\n")
    if incident.acknowledged_at is not None:
        lines.append(words("incident.acknowledged.by", name=seen_by) if seen_by else words("incident.acknowledged"))
    if incident.snoozed_until is not None:
        lines.append(words("incident.snoozed", time=words.clock(incident.snoozed_until)))
    return joined(joined(*lines), _tail(incident.log_tail) if tail else "", gap="\n\n")


def _who(words: Words, agent: Agent | None) -> Html:
    return words("incident.agent", bot=agent.bot_username) if agent else words("incident.platform")


def _attempts(words: Words, incident: Incident) -> Html:
    if incident.gave_up:
        return words("incident.gave_up")
    if not incident.attempts:
        return Html("")
    if incident.max_attempts is None:
        made = words("incident.attempts.unlimited", attempts=incident.attempts)
    else:
        made = words("incident.attempts", attempts=incident.attempts, most=incident.max_attempts)
    if incident.next_attempt_at is None or incident.closed_at is not None:
        return made
    return joined(made, words("incident.next", time=words.clock(incident.next_attempt_at)))


def _tail(log_tail: str | None) -> Html:
    lines = "\n".join((log_tail or "").strip().splitlines()[-TAIL_LINES:])[-TAIL_CHARACTERS:]
    return Html(f"<pre>{html.escape(lines)}</pre>") if lines else Html("")


def _incident_keys(words: Words, incident: Incident, agent: Agent | None) -> tuple[Row, ...]:
    def key(verb: AlertVerb) -> Key:
        return Key(words(f"button.alert.{verb.value}"), AdminAlert(verb=verb, incident_id=incident.id))

    seen = [] if incident.acknowledged_at or incident.closed_at else [key(AlertVerb.ACKNOWLEDGE)]
    seen += [] if incident.closed_at else [key(AlertVerb.SNOOZE)]
    public = [key(AlertVerb.WITHDRAW if incident.published_at else AlertVerb.PUBLISH)]
    if agent is None:
        return (seen, public)
    stop = [] if incident.gave_up or incident.closed_at else [key(AlertVerb.STOP_TRYING)]
    return ([key(AlertVerb.RESTART), key(AlertVerb.LOGS)], [*seen, *stop], public)


async def _owner_trouble(words: Words, values: Values) -> Notice:
    trouble, gave_up = values["trouble"], bool(values.get("gave_up"))
    text = joined(words("notice.owner_trouble"), words(f"trouble.{trouble}"), gap="\n\n")
    if trouble == Trouble.OUT_OF_MEMORY:
        text = joined(text, words("notice.owner_trouble.memory"), gap="\n\n")
    text = joined(text, words(f"notice.owner_trouble.{_follow(trouble, gave_up=gave_up)}"), gap="\n\n")
    keys = [Key(words("button.start"), Ask(verb=Verb.START)) if gave_up else _home(words)]
    keys += [Key(words("button.plan"), Go(to=Goto.PLANS))] if trouble == Trouble.OUT_OF_MEMORY else []
    return Notice(text, ([*keys, Key(words("button.logs"), Go(to=Goto.LOGS))],))


def _follow(trouble: str, *, gave_up: bool) -> str:
    """Whose turn it is."""
    if trouble in OWNERS_TURN:
        return "yours"
    if gave_up:
        return "gave_up"
    return "admins" if trouble == Trouble.BAD_CONFIG else "working"


async def _owner_recovered(words: Words, values: Values) -> Notice:
    return Notice(words("notice.owner_recovered", bot=values["bot_username"]))


async def _budget(words: Words, values: Values) -> Notice:
    key = "notice.budget.all" if int(values["percent"]) >= 100 else "notice.budget.part"
    used, limit = int(values["used"]), int(values["limit"])
    text = words(
        key, percent=values["percent"], bar=bar(used, limit), used=words.number(used), limit=words.number(limit)
    )
    return Notice(
        text, ([Key(words("button.usage"), Go(to=Goto.USAGE)), Key(words("button.plan"), Go(to=Goto.PLANS))],)
    )


async def _agent_silent(words: Words, values: Values) -> Notice:
    manager = values["manager_username"]
    button = Key(words("button.open_manager"), url=f"https://t.me/{manager}")
    return Notice(words(f"notice.silent.{values['reason']}"), ([button],))


async def _from_admin(words: Words, values: Values) -> Notice:
    return Notice(words("notice.from_admin", text=values["text"]))


async def _suspended(words: Words, values: Values) -> Notice:  # noqa: ARG001 - one signature for all kinds
    return Notice(words("notice.suspended"))


async def _resumed(words: Words, values: Values) -> Notice:  # noqa: ARG001 - one signature for all kinds
    return Notice(words("notice.resumed"), ([_home(words)],))


async def _archived(words: Words, values: Values) -> Notice:
    until = datetime.fromisoformat(str(values["until"]))
    return Notice(words("notice.archived", bot=values["bot_username"], day=words.day(until)))


async def _purged(words: Words, values: Values) -> Notice:
    return Notice(words("notice.purged", bot=values["bot_username"]))


async def _disk_nearly_full(words: Words, values: Values) -> Notice:
    share = words.memory(int(values["share_mb"]))
    text = words("notice.disk_nearly_full", percent=values["percent"], share=share)
    return Notice(text, ([Key(words("button.plan"), Go(to=Goto.PLANS))],))


async def _disk_stopped(words: Words, values: Values) -> Notice:
    start = Key(words("button.start"), Ask(verb=Verb.START))
    if values["is_host"]:
        return Notice(words("notice.disk_stopped.host"), ([start],))
    share = words.memory(int(values["share_mb"]))
    return Notice(words("notice.disk_stopped", share=share), ([start, Key(words("button.plan"), Go(to=Goto.PLANS))],))


async def _github_connected(words: Words, values: Values) -> Notice:
    return Notice(words("notice.github_connected", login=values["login"]), ([_home(words)],))


async def _github_failed(words: Words, values: Values) -> Notice:
    again = Key(words("button.github.again"), Go(to=Goto.GITHUB))
    return Notice(words("notice.github_failed", reason=words(str(values["reason"]))), ([again],))


async def _github_revoked(words: Words, values: Values) -> Notice:
    return Notice(words("notice.github_revoked", login=values["login"]))


_RENDERERS: dict[NoticeKind, Callable[[Words, Values], Awaitable[Notice | None]]] = {
    NoticeKind.WATCHDOG_STARTED: _watchdog_started,
    NoticeKind.INCIDENT: _incident,
    NoticeKind.INCIDENT_OVER: _incident_over,
    NoticeKind.INCIDENT_WORSE: _incident_worse,
    NoticeKind.INCIDENT_REMINDER: _incident_reminder,
    NoticeKind.OWNER_TROUBLE: _owner_trouble,
    NoticeKind.OWNER_RECOVERED: _owner_recovered,
    NoticeKind.BUDGET_NOTICE: _budget,
    NoticeKind.AGENT_SILENT: _agent_silent,
    NoticeKind.MESSAGE_FROM_ADMIN: _from_admin,
    NoticeKind.SUSPENDED: _suspended,
    NoticeKind.RESUMED: _resumed,
    NoticeKind.AGENT_ARCHIVED: _archived,
    NoticeKind.AGENT_PURGED: _purged,
    NoticeKind.DISK_NEARLY_FULL: _disk_nearly_full,
    NoticeKind.DISK_STOPPED: _disk_stopped,
    NoticeKind.GITHUB_CONNECTED: _github_connected,
    NoticeKind.GITHUB_FAILED: _github_failed,
    NoticeKind.GITHUB_REVOKED: _github_revoked,
}
