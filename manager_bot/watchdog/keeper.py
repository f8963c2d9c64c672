"""Makes one agent's container what its row says it should be; dying anywhere in here is repaired by the next look."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from tortoise.expressions import F

from manager_bot.clock import Clock
from manager_bot.errors import ClawBotError, RuntimeUnavailable
from manager_bot.failpoints import reach
from manager_bot.runtime.base import AgentSpec, ContainerState, Runtime, RuntimeRefused
from manager_bot.watchdog import policy
from manager_bot.watchdog.chronicle import Chronicle
from manager_bot.watchdog.observe import DEAF_RESTART, Health, view_of
from manager_bot.watchdog.policy import Act, Decision, View
from models import Agent, ContainerStatus, DesiredState, Severity, Stage, Trouble

log = structlog.get_logger(__name__)

_STEPS = 8
"""Acts in one look; the longest honest chain has five."""
_STOP_GRACE = 10


class SpecBuilder(Protocol):
    """Knows what an agent's container should be (:class:`~manager_bot.services.specs.Specs`)."""

    async def build(self, agent: Agent) -> AgentSpec:
        """The spec, its folders and config in place."""
        ...


class Undertaker(Protocol):
    """Archives the data of a removed agent and deletes its row."""

    async def bury(self, agent: Agent) -> None:
        """May be called again after a crash."""
        ...


class _Stale(Exception):
    """A person changed the row meanwhile: look again before writing over it."""


@dataclass(slots=True)
class Keeper:
    """Converges agents, one look at a time each.

    ``boost`` is the CPU (cores) an agent gets until it is connected; then its plan's.
    """

    runtime: Runtime
    specs: SpecBuilder
    undertaker: Undertaker
    chronicle: Chronicle
    clock: Clock
    boost: float
    jitter: random.Random = field(default_factory=random.Random)
    health: dict[int, Health] = field(default_factory=lambda: defaultdict(Health))
    _locks: dict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _current: dict[int, str] = field(default_factory=dict)
    """The spec digest found right in this process, so that a look at a healthy agent builds nothing."""

    async def converge(self, agent_id: int, *, forgiven: bool = False) -> None:
        """Look and act until there is nothing to do; raises RuntimeUnavailable when the engine is away."""
        async with self._locks[agent_id]:
            for _ in range(_STEPS):
                try:
                    if not await self._step(agent_id, forgiven=forgiven):
                        return
                except _Stale:
                    continue
            log.warning("agent_does_not_settle", agent_id=agent_id)

    async def _step(self, agent_id: int, *, forgiven: bool) -> bool:
        """One observation and one act; whether another look is due."""
        agent = await Agent.get_or_none(id=agent_id).select_related("user")
        if agent is None:
            self._forget(agent_id)
            return False
        state = await self.runtime.state(agent_id)
        await self._notice_start(agent, state)
        current = await self._spec_current(agent, state)
        view = await view_of(agent, state, self.health[agent_id], self.clock, spec_current=current, forgiven=forgiven)
        decision = policy.decide(view, self.clock.now(), self.jitter.uniform(-1, 1))
        if decision.act in (Act.NOTHING, Act.WAIT):
            await self._settle(agent, state, decision)
            return False
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
            case Act.RESET:
                await self._save(agent, restart_count=0, next_attempt_at=None)
                return False
            case _:
                await self._trouble(agent, state, view, decision)
                return True

    # -- acts ----------------------------------------------------------------------------------------

    async def _start(self, agent: Agent, state: ContainerState | None, view: View) -> bool:
        """Build, create, start; a refusal counts as a failed attempt."""
        wish, began = agent.wish, self.clock.now()
        try:
            await self._save(agent, stage=Stage.PREPARING, last_end_at=state.finished_at if state else None)
            spec = await self.specs.build(agent)
            await self._save(agent, stage=Stage.CREATING, image=spec.image)
            reach("keeper.before_create")
            made = await self.runtime.create(spec)
            reach("keeper.created")
            self._current[agent.id] = spec.digest()
            container = {"container_id": made.container_id, "spec_digest": made.spec_digest}
            await self._save(agent, stage=Stage.STARTING, container_status=made.status, **container)
            await self.runtime.limit_cpu(agent.id, max(self.boost, spec.cpu))
            reach("keeper.before_start")
            await self.runtime.start(agent.id)
            reach("keeper.started")
        except (RuntimeRefused, ClawBotError) as error:
            if isinstance(error, RuntimeUnavailable):
                raise
            return await self._start_refused(agent, view, error)
        found = await self.runtime.state(agent.id)
        self.health[agent.id] = Health()
        await self._save(
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

    async def _start_refused(self, agent: Agent, view: View, error: Exception) -> bool:
        log.warning("agent_start_refused", agent_id=agent.id, reason=str(error))
        await self._save(agent, wish_done=agent.wish)
        decision = policy.failed_to_start(view, self.clock.now(), self.jitter.uniform(-1, 1))
        await self._trouble(agent, await self.runtime.state(agent.id), view, decision, detail=str(error))
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
        await self._ended(agent, stage=Stage.QUEUED, next_attempt_at=None)
        await self.chronicle.event(agent, "stopped", Severity.INFO, "as wished")

    async def _ended(self, agent: Agent, **changes: Any) -> None:
        """Save an end we brought about as counted."""
        found = await self.runtime.state(agent.id)
        status = found.status if found else ContainerStatus.MISSING
        ended = found.finished_at if found else None
        await self._save(agent, container_status=status, last_end_at=ended, healthy_since=None, **changes)

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
        await self._save(agent, stage=Stage.CONNECTED, trouble=None, next_attempt_at=None, healthy_since=since)
        if fresh:
            await self.chronicle.event(agent, "connected", Severity.INFO)
        await self.chronicle.recovered(agent)

    async def _trouble(
        self, agent: Agent, state: ContainerState | None, view: View, decision: Decision, detail: str = ""
    ) -> None:
        """Save what is wrong before anything is done about it, then tell those whom it concerns."""
        down = state is None or state.status is not ContainerStatus.RUNNING
        changes: dict[str, Any] = {
            "trouble": decision.trouble,
            "restart_count": decision.attempts,
            "next_attempt_at": decision.next_attempt_at,
            "container_status": state.status if state else ContainerStatus.MISSING,
        }
        if down:
            changes |= {"last_end_at": state.finished_at if state else None, "healthy_since": None}
            changes |= {"stage": Stage.QUEUED}
        if decision.act is Act.GIVE_UP_AND_STOP:
            changes["desired_state"] = DesiredState.STOPPED
        await self._save(agent, **changes)
        reach("keeper.counted")
        cause = policy.classify_end(view) if down and not detail else None
        await self.chronicle.report(agent, state, decision, cause=cause, detail=detail)

    # -- the row -------------------------------------------------------------------------------------

    async def _notice_start(self, agent: Agent, state: ContainerState | None) -> None:
        """A start we have not seen: somebody else's, or our own before a crash of this process."""
        running = state is not None and state.status is ContainerStatus.RUNNING
        if state is None or not running or state.started_at == agent.container_started_at:
            return
        self.health[agent.id] = Health()
        await self._save(
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
        if agent.desired_state is not DesiredState.RUNNING:
            return True
        if agent.wish > agent.wish_done or self._current.get(agent.id) != state.spec_digest:
            spec = await self.specs.build(agent)
            self._current[agent.id] = spec.digest()
        return self._current[agent.id] == state.spec_digest

    async def _settle(self, agent: Agent, state: ContainerState | None, decision: Decision) -> None:
        """Nothing to do: save what was seen, and that the wish is granted."""
        changes: dict[str, Any] = {
            "container_status": state.status if state else ContainerStatus.MISSING,
            "container_id": state.container_id if state else None,
        }
        if decision.act is Act.NOTHING:
            changes["wish_done"] = agent.wish
        resting = agent.desired_state is DesiredState.STOPPED and agent.trouble is not Trouble.GAVE_UP
        if agent.desired_state is DesiredState.STOPPED:
            changes |= {"stage": Stage.QUEUED, "next_attempt_at": None, "healthy_since": None}
        if resting:
            changes["trouble"] = None
        was_open = resting and agent.wish > agent.wish_done
        await self._save(agent, **changes)
        if was_open:
            await self.chronicle.recovered(agent)

    async def _save(self, agent: Agent, **changes: Any) -> None:
        """Write what changed; raises _Stale if a person wished something else since *agent* was read."""
        changed = {name: value for name, value in changes.items() if getattr(agent, name) != value}
        if not changed:
            return
        agent.update_from_dict(changed)
        written: dict[str, Any] = dict(changed)
        if _NOTICEABLE & changed.keys():
            written["revision"] = F("revision") + 1
        if not await Agent.filter(id=agent.id, wish=agent.wish).update(**written):
            raise _Stale

    def _forget(self, agent_id: int) -> None:
        self.health.pop(agent_id, None)
        self._current.pop(agent_id, None)


_NOTICEABLE = frozenset({"stage", "trouble", "container_status", "desired_state", "next_attempt_at", "restart_count"})
