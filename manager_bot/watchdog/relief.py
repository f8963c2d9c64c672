"""Keeps the host's memory from running out: the longest-idle agents sleep early, and admins hear of it once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from manager_bot.clock import Clock
from manager_bot.plans import Plan, plan_of
from manager_bot.runtime.base import Runtime
from manager_bot.runtime.kernel import MemoryNow
from manager_bot.services.incidents import Finding, Incidents
from manager_bot.watchdog.idle import calm, idle_since
from manager_bot.watchdog.rows import Stale, turn
from manager_bot.watchdog.shortage import Napper, is_short, low_mb, to_sleep
from models import Agent, Cause, Rest, Severity

COMING_FOR: Final = timedelta(seconds=30)
"""Who is falling asleep for longer than that does not get there: something of it is under way."""
_MIB: Final = 1024 * 1024

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Relief:
    """``read`` is the host's memory now, ``left`` the part of an agent's memory that stays when it is frozen."""

    read: Callable[[], MemoryNow]
    runtime: Runtime
    incidents: Incidents
    clock: Clock
    sleep_after: Callable[[Plan], timedelta | None]
    left: float
    _short: bool = False
    _told: Severity | None = Severity.WARNING
    """What admins know; an incident may be open from before our own start."""

    async def look(self) -> None:
        """Called every few seconds; puts nobody to sleep whom the door finds busy."""
        now = self.read()
        self._short = is_short(now, was=self._short)
        if not self._short:
            if self._told is not None:
                await self.incidents.close(Cause.MEMORY_SHORT)
            self._told = None
            return
        coming = await self._coming_mb(now)
        chosen = to_sleep(now, [await self._napper(agent, now) for agent in await self._calm()], coming)
        for agent in await Agent.filter(id__in=chosen):
            with contextlib.suppress(Stale):
                await turn(agent, Rest.DROWSY, self.clock.now())
        log.warning("memory_short", available_mb=now.available_mb, stalled=now.stalled, put_to_sleep=chosen)
        helpless = not chosen and not coming and now.available_mb < low_mb(now)
        await self._tell(Severity.CRITICAL if helpless else Severity.WARNING, now)

    async def _tell(self, severity: Severity, now: MemoryNow) -> None:
        """Once when it begins, and once more if nobody is left to be put to sleep."""
        known = self._told if await self.incidents.is_open(Cause.MEMORY_SHORT) else None
        if known is None or (severity is Severity.CRITICAL and known is not severity):
            await self.incidents.report(Finding(Cause.MEMORY_SHORT, severity, memory_mb=now.available_mb))
            self._told = severity

    async def _calm(self) -> list[Agent]:
        return list(await Agent.filter(calm()).select_related("user"))

    async def _coming_mb(self, now: MemoryNow) -> float:
        lately = self.clock.now() - COMING_FOR
        falling = await Agent.filter(rest__in=(Rest.DROWSY, Rest.HELD), rest_since__gte=lately)
        return sum([await self._frees_mb(agent, now) for agent in falling])

    async def _napper(self, agent: Agent, now: MemoryNow) -> Napper:
        return Napper(
            agent.id,
            self.clock.now() - idle_since(agent),
            await self._frees_mb(agent, now),
            promised=self.sleep_after(plan_of(str(agent.user.plan))) is None,
        )

    async def _frees_mb(self, agent: Agent, now: MemoryNow) -> float:
        """All of it where swap has no room and it will be stopped."""
        use = await self.runtime.memory(agent.id)
        used = use.used / _MIB if use else 0.0
        return used * (1 - self.left) if used <= now.swap_free_mb else used
