"""What the public may know: which parts work, how many agents are in which state, and what admins published.

Nothing here is about a person: counts, causes and times only. A text somebody wrote never gets in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from manager_bot.clock import Clock
from models import Agent, Cause, ContainerStatus, DesiredState, Heartbeat, Incident, Rest, Stage, UptimeDay

SILENCE: Final = timedelta(minutes=2)
"""Without a heartbeat for so long a part counts as silent."""
RECENT: Final = timedelta(days=14)
DAYS: Final = 90


class Part(StrEnum):
    """A component of the status page."""

    BOT = "bot"
    GATEWAY = "gateway"
    WATCHDOG = "watchdog"
    DOCKER = "docker"
    TELEGRAM = "telegram"
    GEMINI = "gemini"


class PartState(StrEnum):
    """How a component fares; unknown where nobody looked."""

    UP = "up"
    DOWN = "down"
    SILENT = "silent"
    UNKNOWN = "unknown"


class AgentState(StrEnum):
    """An agent as the public counts it."""

    RUNNING = "running"
    ASLEEP = "asleep"
    STARTING = "starting"
    STOPPED = "stopped"
    TROUBLED = "troubled"


BEATING: Final = (Part.BOT, Part.GATEWAY, Part.WATCHDOG)
"""Parts that show their life by heartbeats; the others are known by what the watchdog finds."""
CAUSES: Final = {
    Part.DOCKER: (Cause.DOCKER_DOWN, Cause.MASS_FAILURE),
    Part.TELEGRAM: (Cause.TELEGRAM_DOWN,),
    Part.GEMINI: (Cause.GEMINI_DOWN, Cause.MODEL_UNAVAILABLE),
}

PartStates = dict[Part, PartState]


@dataclass(frozen=True, slots=True)
class PublicIncident:
    """An incident an admin published, by its cause alone."""

    cause: Cause
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DayRecord:
    """Minutes in which a part was up and down; both 0 where there are no records."""

    day: date
    up: int = 0
    down: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """Everything the status page shows."""

    at: datetime
    parts: PartStates
    agents: dict[AgentState, int]
    incidents: tuple[PublicIncident, ...]
    days: dict[Part, tuple[DayRecord, ...]]

    @property
    def overall(self) -> PartState:
        """One word for all: a silent watchdog comes first, for then the rest is hearsay."""
        states = set(self.parts.values())
        if self.parts[Part.WATCHDOG] is PartState.SILENT:
            return PartState.SILENT
        if states & {PartState.DOWN, PartState.SILENT}:
            return PartState.DOWN
        return PartState.UNKNOWN if states == {PartState.UNKNOWN} else PartState.UP


def percent_of(days: Iterable[DayRecord]) -> float | None:
    """The share of recorded minutes that were up, in percent; nothing without records. Only a whole is 100."""
    kept = tuple(days)
    up, down = sum(one.up for one in kept), sum(one.down for one in kept)
    if not up + down:
        return None
    return 100.0 if not down else min(99.99, round(100 * up / (up + down), 2))


@dataclass(frozen=True, slots=True)
class StatusBoard:
    """Reads the status from the database; writes nothing."""

    clock: Clock

    async def read(self) -> Status:
        """The status now."""
        now = self.clock.now()
        return Status(now, await self.parts(), await self._agents(), await self._incidents(now), await self._days(now))

    async def parts(self) -> PartStates:
        """How each component fares now."""
        now = self.clock.now()
        seen = {row.part: row.at for row in await Heartbeat.all()}
        states = {part: _by_heartbeat(seen.get(part.value), now) for part in BEATING}
        known = await Incident.filter(closed_at__isnull=True, agent_id__isnull=True).values_list("cause", flat=True)
        for part, causes in CAUSES.items():
            if states[Part.WATCHDOG] is not PartState.UP:
                states[part] = PartState.UNKNOWN
            else:
                states[part] = PartState.DOWN if set(causes) & set(known) else PartState.UP
        return states

    async def _agents(self) -> dict[AgentState, int]:
        agents = await Agent.exclude(desired_state=DesiredState.REMOVED).select_related("user")
        counts = Counter(_agent_state(agent) for agent in agents)
        return {state: counts[state] for state in AgentState}

    async def _incidents(self, now: datetime) -> tuple[PublicIncident, ...]:
        published = Incident.filter(published_at__isnull=False).order_by("-opened_at").limit(100)
        kept = [one for one in await published if one.closed_at is None or one.closed_at > now - RECENT]
        return tuple(PublicIncident(one.cause, one.opened_at, one.closed_at) for one in kept[:20])

    async def _days(self, now: datetime) -> dict[Part, tuple[DayRecord, ...]]:
        """Ninety days of each component, oldest first."""
        today = now.astimezone(UTC).date()
        days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
        rows = await UptimeDay.filter(date__gte=days[0].isoformat())
        found = {(row.component, row.date): row for row in rows}
        return {
            part: tuple(_day_record(found.get((part.value, day.isoformat())), day) for day in days) for part in Part
        }


def _by_heartbeat(at: datetime | None, now: datetime) -> PartState:
    if at is None:
        return PartState.UNKNOWN
    return PartState.UP if now - at <= SILENCE else PartState.SILENT


def _agent_state(agent: Agent) -> AgentState:
    if agent.trouble is not None:
        return AgentState.TROUBLED
    if agent.desired_state is DesiredState.STOPPED or not agent.user.is_active:
        return AgentState.STOPPED
    if agent.rest is Rest.ASLEEP:
        return AgentState.ASLEEP
    if agent.container_status is ContainerStatus.RUNNING and agent.stage is Stage.CONNECTED:
        return AgentState.RUNNING
    return AgentState.STARTING


def _day_record(row: UptimeDay | None, day: date) -> DayRecord:
    return DayRecord(day, row.up, row.down) if row else DayRecord(day)
