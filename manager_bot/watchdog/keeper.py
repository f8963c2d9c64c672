"""Makes one agent's container what its row says it should be; dying anywhere in here is repaired by the next look."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from tortoise.exceptions import IntegrityError

from manager_bot.clock import Clock
from manager_bot.errors import ClawBotError, NoFreePort, RuntimeUnavailable
from manager_bot.failpoints import reach
from manager_bot.runtime.base import ContainerState, PortTaken, Runtime, RuntimeRefused
from manager_bot.services.health_ports import free_port
from manager_bot.watchdog import policy
from manager_bot.watchdog.bedtime import Bedtime
from manager_bot.watchdog.chronicle import Chronicle
from manager_bot.watchdog.engine import Engine
from manager_bot.watchdog.gate import StartGate
from manager_bot.watchdog.intent import intended
from manager_bot.watchdog.observe import DEAF_RESTART, Health, Known, can_step_back, view_of, went_down_with_host
from manager_bot.watchdog.policy import Act, Decision, View
from manager_bot.watchdog.ports import SpecBuilder, Undertaker
from manager_bot.watchdog.rows import Stale, save, turn
from models import Agent, ContainerStatus, DesiredState, Rest, Severity, Stage, Trouble

log = structlog.get_logger(__name__)

_STEPS = 8
"""Acts in one look; the longest honest chain has five."""
_STOP_GRACE = 10
_COUNTED = (Act.COUNT, Act.GIVE_UP, Act.GIVE_UP_AND_STOP)


@dataclass(slots=True)
class Keeper:
    """Converges agents, one look at a time each.

    ``boost`` is the CPU (cores) an agent gets until it is connected; then its plan's. ``ports`` are the first and the
    last health port of the installation.
    """

    runtime: Runtime
    specs: SpecBuilder
    undertaker: Undertaker
    chronicle: Chronicle
    bedtime: Bedtime
    gate: StartGate
    clock: Clock
    boost: float
    ports: tuple[int, int]
    booted_at: datetime | None = None
    engine: Engine = field(init=False)
    jitter: random.Random = field(default_factory=random.Random)
    health: dict[int, Health] = field(default_factory=lambda: defaultdict(Health))
    _locks: dict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _current: dict[int, str] = field(default_factory=dict)
    """The spec digest found right in this process, so that a look at a healthy agent builds nothing."""
    _ports_refused: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.engine = Engine(self.runtime)

    async def converge(self, agent_id: int, *, forgiven: bool = False) -> None:
        """Look and act until there is nothing to do; raises RuntimeUnavailable when the engine is away."""
        async with self._locks[agent_id]:
            for _ in range(_STEPS):
                try:
                    if not await self._step(agent_id, forgiven=forgiven):
                        return
                except Stale:
                    continue
            log.warning("agent_does_not_settle", agent_id=agent_id)

    async def _step(self, agent_id: int, *, forgiven: bool) -> bool:
        """One observation and one act; whether another look is due."""
        agent, cuts = await Agent.get_or_none(id=agent_id).select_related("user"), self.engine.cuts
        if agent is None:
            self._forget(agent_id)
            return False
        state = await self.runtime.state(agent_id)
        await self._notice_start(agent, state)
        self._make_room(agent, state)
        await self.bedtime.end_boost(agent)
        current, way_back = await self._spec_current(agent, state), await can_step_back(self.specs, agent, state)
        known = Known(self.health[agent_id], current, way_back, forgiven or went_down_with_host(state, self.booted_at))
        view = await view_of(agent, state, known, self.clock)
        decision = policy.decide(view, self.clock.now(), self.jitter.uniform(-1, 1))
        if decision.act in (Act.NOTHING, Act.WAIT):
            await self.chronicle.settle(agent, state, decision)
            return False
        if decision.act in _COUNTED and view.status is not ContainerStatus.RUNNING:
            await self.engine.assure(cuts)
        if decision.act is not Act.START:  # one that stands in line would say so at each look
            log.info("agent_decision", agent_id=agent_id, act=decision.act.value, status=view.status.value)
        return await self._perform(agent, state, view, decision)

    async def _perform(  # noqa: PLR0911 - one line an act
        self, agent: Agent, state: ContainerState | None, view: View, decision: Decision
    ) -> bool:
        match decision.act:
            case Act.START:
                return await self._start(agent, state, view)
            case Act.RESTART:
                await self._restart(agent, state, decision)
                return True
            case Act.STOP:
                await self._stop(agent)
                return True
            case Act.BURY:
                await self._bury(agent)
                return False
            case Act.CONNECT:
                await self._connect(agent)
                return True
            case Act.RESTORE_CONFIG:
                await self._restore_config(agent, state, decision)
                return True
            case Act.RESET:
                await save(agent, restart_count=0, next_attempt_at=None)
                return False
            case Act.SLEEP | Act.WAKE | Act.UP:
                await self.bedtime.perform(decision.act, agent, state)
                return True
            case _:
                await self.chronicle.trouble(agent, state, view, decision)
                return True

    async def _start(self, agent: Agent, state: ContainerState | None, view: View) -> bool:
        """Build, create, start; a refusal counts as a failed attempt. Without a free place it stands in line."""
        wanted = view.rest is Rest.WAKING or view.updates_waiting > 0
        if not self.gate.enter(agent.id, urgent=wanted):
            await self._ended(agent, stage=Stage.QUEUED)  # what was decided of its end holds while it waits
            return False
        log.info("agent_decision", agent_id=agent.id, act=Act.START.value, status=view.status.value)
        wish, began = agent.wish, self.clock.now()
        if agent.rest is not Rest.AWAKE:
            await turn(agent, Rest.AWAKE, began, wake_at=None)
        try:
            await save(agent, stage=Stage.PREPARING, last_end_at=state.finished_at if state else None)
            spec = await self.specs.build(agent)
            await save(agent, stage=Stage.CREATING, image=spec.image)
            reach("keeper.before_create")
            made = await self.runtime.create(spec)
            reach("keeper.created")
            self._current[agent.id] = spec.digest()
            container = {"container_id": made.container_id, "spec_digest": made.spec_digest}
            await save(agent, stage=Stage.STARTING, container_status=made.status, **container)
            await self.runtime.limit_cpu(agent.id, max(self.boost, spec.cpu))
            reach("keeper.before_start")
            await self.runtime.start(agent.id)
            reach("keeper.started")
        except RuntimeUnavailable:
            raise
        except PortTaken as error:
            return await self._move(agent, view, error)
        except (RuntimeRefused, ClawBotError) as error:
            return await self._start_refused(agent, view, error)
        found = await self.runtime.state(agent.id)
        self.health[agent.id] = Health()
        await save(
            agent,
            stage=Stage.CONNECTING,
            container_status=found.status if found else ContainerStatus.MISSING,
            container_started_at=found.started_at if found else None,
            started_at=began,
            healthy_since=None,
            next_attempt_at=None,
            wish_done=wish,
        )
        await self.chronicle.event(agent, "started", Severity.INFO)
        return True

    async def _move(self, agent: Agent, view: View, error: PortTaken) -> bool:
        """Its port was taken behind our back: another one, and nobody's failed attempt unless there is none."""
        self._ports_refused.add(agent.container_port)
        try:
            port = await free_port(*self.ports, refused=self._ports_refused)
        except NoFreePort:
            self._ports_refused.clear()
            return await self._start_refused(agent, view, error)
        log.warning("agent_port_moved", agent_id=agent.id, taken=agent.container_port, port=port)
        with contextlib.suppress(IntegrityError):  # a registration was faster: the next step looks for another
            await save(agent, container_port=port)
        return True

    async def _start_refused(self, agent: Agent, view: View, error: Exception) -> bool:
        log.warning("agent_start_refused", agent_id=agent.id, reason=str(error))
        await save(agent, wish_done=agent.wish)
        decision = policy.failed_to_start(view, self.clock.now(), self.jitter.uniform(-1, 1))
        await self.chronicle.trouble(agent, await self.runtime.state(agent.id), view, decision, detail=str(error))
        return False

    async def _restart(self, agent: Agent, state: ContainerState | None, decision: Decision) -> None:
        """Stop and let the next look start it; the end is ours, so it is no failure."""
        if decision.trouble is Trouble.DEAF and state is not None:
            await self.chronicle.event(agent, DEAF_RESTART, Severity.WARNING)
            await self.chronicle.report(agent, state, decision)
        reach("keeper.before_stop")
        await self.runtime.stop(agent.id, _STOP_GRACE)
        reach("keeper.stopped")
        await self._ended(agent, stage=Stage.QUEUED, next_attempt_at=None, trouble=decision.trouble)

    async def _stop(self, agent: Agent) -> None:
        reach("keeper.before_stop")
        await self.runtime.stop(agent.id, _STOP_GRACE)
        reach("keeper.stopped")
        await self._ended(agent, stage=Stage.QUEUED, next_attempt_at=None, rest=Rest.AWAKE)
        await self.chronicle.event(agent, "stopped", Severity.INFO, "as wished")

    async def _ended(self, agent: Agent, **changes: Any) -> None:
        """Save an end we brought about as counted."""
        found = await self.runtime.state(agent.id)
        status = found.status if found else ContainerStatus.MISSING
        ended = found.finished_at if found else None
        await save(agent, container_status=status, last_end_at=ended, healthy_since=None, **changes)

    async def _bury(self, agent: Agent) -> None:
        reach("keeper.before_stop")
        await self.runtime.stop(agent.id, _STOP_GRACE)
        reach("keeper.stopped")
        await self.runtime.remove(agent.id)
        reach("keeper.removed")
        await self.chronicle.event(agent, "removed", Severity.INFO)
        await self.chronicle.recovered(agent)
        await self.undertaker.bury(agent)
        self._forget(agent.id)

    async def _connect(self, agent: Agent) -> None:
        """Ready and polling: the boost ends, trouble with it."""
        spec = await self.specs.build(agent)
        await self.runtime.limit_cpu(agent.id, spec.cpu)
        since = agent.healthy_since or self.clock.now()
        fresh = agent.stage is not Stage.CONNECTED
        await save(agent, stage=Stage.CONNECTED, trouble=None, next_attempt_at=None, healthy_since=since)
        if fresh:
            await self.specs.approve(agent)
            await self.chronicle.event(agent, "connected", Severity.INFO)
        await self.chronicle.recovered(agent)

    async def _restore_config(self, agent: Agent, state: ContainerState | None, decision: Decision) -> None:
        """Go back to the last good config; the end is saved as seen first, so a death in between costs one more try."""
        await save(agent, stage=Stage.QUEUED, last_end_at=state.finished_at if state else None, healthy_since=None)
        reach("keeper.before_step_back")
        await self.specs.step_back(agent)
        await self.chronicle.event(agent, "config_restored", Severity.WARNING)
        await self.chronicle.report(agent, state, decision)

    async def _notice_start(self, agent: Agent, state: ContainerState | None) -> None:
        """A start we have not seen: somebody else's, or our own before a crash of this process."""
        running = state is not None and state.status is ContainerStatus.RUNNING
        if state is None or not running or state.started_at == agent.container_started_at:
            return
        self.health[agent.id] = Health()
        await save(
            agent,
            container_id=state.container_id,
            container_status=state.status,
            container_started_at=state.started_at,
            started_at=self.clock.now(),
            stage=Stage.CONNECTING,
            healthy_since=None,
            next_attempt_at=None,
        )

    async def _spec_current(self, agent: Agent, state: ContainerState | None) -> bool:
        """Whether the running container is the one wished for; asked at each wish and once in each process."""
        if state is None or state.status is not ContainerStatus.RUNNING:
            return True
        if intended(agent) is not DesiredState.RUNNING:
            return True
        if agent.wish > agent.wish_done or self._current.get(agent.id) != state.spec_digest:
            spec = await self.specs.build(agent)
            self._current[agent.id] = spec.digest()
        return self._current[agent.id] == state.spec_digest

    def forgive_misses(self) -> None:
        """Health ports were away with the engine."""
        for seen in self.health.values():
            seen.misses = 0

    def _make_room(self, agent: Agent, state: ContainerState | None) -> None:
        """Let others start once this one is up, or down."""
        up = agent.stage is Stage.CONNECTED or self.health[agent.id].ready
        if up or state is None or state.status is not ContainerStatus.RUNNING:
            self.gate.leave(agent.id)

    def _forget(self, agent_id: int) -> None:
        self.gate.leave(agent_id)
        self.health.pop(agent_id, None)
        self._current.pop(agent_id, None)
