"""The watchdog: its tasks, and what it does while the engine is away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from tortoise.exceptions import BaseORMException

from manager_bot.clock import Clock
from manager_bot.errors import RuntimeUnavailable
from manager_bot.runtime.base import ContainerEventKind, Runtime, RuntimeRefused
from manager_bot.services.incidents import Finding, Incidents
from manager_bot.services.outbox import NoticeKind, Outbox
from manager_bot.watchdog.bell import Bell
from manager_bot.watchdog.deadman import Deadman
from manager_bot.watchdog.keeper import Keeper
from manager_bot.watchdog.relief import Relief
from manager_bot.watchdog.rounds import Rounds
from models import Agent, Cause, ContainerStatus, Heartbeat, Severity

WORKERS = 4
"""Agents acted on at once; more threads start a host's agents no faster."""
PART = "watchdog"
_PINGS_MISSED = 3
_LOOK_AGAIN = 2.0
"""Seconds after a look that a locked database or the engine's refusal cut short."""
_BEAT_EVERY = timedelta(seconds=10)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Periods:
    """Seconds between two rounds of each kind."""

    wishes: float = 1
    health: float = 1
    compare: float = 60
    memory: float = 30
    idle: float = 5
    engine: float = 1
    reconnect: float = 1
    remind: float = 30
    relief: float = 5
    deadman: float = 60


@dataclass(slots=True)
class Watchdog:
    """Starts with everything looked at once; stops with no act left half done that the next start would not finish."""

    keeper: Keeper
    rounds: Rounds
    runtime: Runtime
    incidents: Incidents
    outbox: Outbox
    bell: Bell
    clock: Clock
    periods: Periods = field(default_factory=Periods)
    deadman: Deadman | None = None
    relief: Relief | None = None
    """Nothing where the host's memory is somebody else's to watch."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _busy: set[int] = field(default_factory=set)
    _again: set[int] = field(default_factory=set)
    _forgiven: set[int] = field(default_factory=set)
    _outage: bool = True
    """Whether an incident of the engine may be open (one may be left from before our own start)."""
    _beaten_at: datetime | None = None
    _since: datetime | None = None

    async def start(self) -> None:
        """Begin; returns at once, also while the engine is away."""
        self._since = datetime.now(UTC)  # the engine's clock, not ours: it is compared with its events
        await self._beat()
        agents, running = await Agent.all().count(), Agent.filter(container_status=ContainerStatus.RUNNING)
        await self.outbox.post_admins(NoticeKind.WATCHDOG_STARTED, {"agents": agents, "running": await running.count()})
        every = self.periods
        rounds = [
            ("wishes", self.rounds.wishes, every.wishes),
            ("health", self.rounds.health, every.health),
            ("compare", self.rounds.compare, every.compare),
            ("memory", self.rounds.memory, every.memory),
            ("idle", self.rounds.idle, every.idle),
            ("engine", self._engine, every.engine),
            ("remind", self.incidents.remind, every.remind),
        ]
        if self.relief is not None:
            rounds.append(("relief", self.relief.look, every.relief))
        for name, call, period in rounds:
            if self.deadman is not None:
                self.deadman.expect(name, period)
            self._spawn(name, self._repeat(name, call, period))
        if self.deadman is not None:
            self._spawn("deadman", self._stay_in_touch(self.deadman))
        for number in range(WORKERS):
            self._spawn(f"worker-{number}", self._work())
        self._spawn("events", self._listen())

    async def stop(self) -> None:
        """Let acts in progress end, drop the rest."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def _spawn(self, name: str, work: Awaitable[None]) -> None:
        self._tasks.append(asyncio.create_task(_run(work), name=f"watchdog-{name}"))

    async def _repeat(self, name: str, call: Callable[[], Awaitable[None]], period: float) -> None:
        """Call for ever; a failed round is logged, once for the same failure in a row, and the next is tried."""
        failure = ""
        while True:
            try:
                await call()
                well, failure = True, ""
            except RuntimeUnavailable:
                well = False
                log.debug("engine_away", round=name)
            except (RuntimeRefused, BaseORMException, OSError) as error:
                well = False
                if repr(error) != failure:
                    log.warning("round_failed", round=name, error=repr(error))
                failure = repr(error)
            if self.deadman is not None:
                self.deadman.ended(name, well=well)
            await asyncio.sleep(period)

    async def _stay_in_touch(self, deadman: Deadman) -> None:
        """Soon after the start, then each minute."""
        await asyncio.sleep(min(5.0, self.periods.deadman))
        while True:
            await deadman.call()
            await asyncio.sleep(self.periods.deadman)

    async def _work(self) -> None:
        """Look at one agent after the other; a second wish for a busy one waits for the first."""
        while True:
            agent_id = await self.bell.next()
            if agent_id in self._busy:
                self._again.add(agent_id)
                continue
            self._busy.add(agent_id)
            try:
                await self._look(agent_id)
            finally:
                self._busy.discard(agent_id)
                if agent_id in self._again:
                    self._again.discard(agent_id)
                    self.bell.poke(agent_id)

    async def _look(self, agent_id: int) -> None:
        if self.keeper.engine.away:
            return  # everyone is looked at when it is back
        forgiven = agent_id in self._forgiven
        try:
            await self.keeper.converge(agent_id, forgiven=forgiven)
            self._forgiven.discard(agent_id)
        except RuntimeUnavailable:
            await self.keeper.engine.failed()
            log.info("agent_waits_for_engine", agent_id=agent_id)
        except (RuntimeRefused, BaseORMException, OSError) as error:
            log.warning("agent_look_failed", agent_id=agent_id, error=repr(error))
            asyncio.get_running_loop().call_later(_LOOK_AGAIN, self.bell.poke, agent_id)
        except Exception:
            log.exception("agent_look_broken", agent_id=agent_id)

    async def _listen(self) -> None:
        """Follow the engine's events; what a dropped stream missed, ``since`` brings back."""
        while True:
            with contextlib.suppress(RuntimeUnavailable):
                async for event in self.runtime.events(self._since):
                    self._since = event.at
                    if event.kind is not ContainerEventKind.SIGNALLED:
                        self.bell.poke(event.agent_id)
            await self.keeper.engine.hung_up()
            await asyncio.sleep(self.periods.reconnect)

    async def _engine(self) -> None:
        """Heartbeat and ping: an engine away is one incident of the host, and nobody's failed attempt."""
        await self._beat()
        engine = self.keeper.engine
        if not await engine.answers():
            if engine.missed == _PINGS_MISSED:
                await self._report_outage(Severity.CRITICAL)
            return
        if engine.away and engine.is_known:
            await self.runtime.prepare()  # no agent starts before network and firewall stand
            everyone = await self.rounds.everyone()
            if engine.gone:
                self._forgiven.update(everyone)
                self.keeper.forgive_misses()
            if engine.gone and engine.missed < _PINGS_MISSED:
                await self._report_outage(Severity.WARNING)
            engine.is_back()
        if self._outage and not engine.away:
            await self.incidents.close(Cause.DOCKER_DOWN)
            self._outage = False

    async def _report_outage(self, severity: Severity) -> None:
        """Critical while it lasts; of one that was over in a moment, a warning says that it was."""
        self._outage = True
        await self.incidents.report(Finding(Cause.DOCKER_DOWN, severity))

    async def _beat(self) -> None:
        now = self.clock.now()
        if self._beaten_at is None or now - self._beaten_at >= _BEAT_EVERY:
            await Heartbeat.update_or_create(defaults={"at": now}, part=PART)
            self._beaten_at = now


async def _run(work: Awaitable[None]) -> None:
    await work
