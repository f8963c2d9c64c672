"""Putting an agent to sleep and waking it; dying anywhere in here is repaired by the next look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from manager_bot.clock import Clock
from manager_bot.failpoints import reach
from manager_bot.plans import plan_of
from manager_bot.runtime.base import ContainerState, Runtime, RuntimeRefused, Shrunk
from manager_bot.watchdog.chronicle import Chronicle
from manager_bot.watchdog.policy import Act, Decision
from manager_bot.watchdog.ports import Timers
from manager_bot.watchdog.rows import save, turn
from models import Agent, ContainerStatus, Rest, Severity, Stage, Trouble

log = structlog.get_logger(__name__)

BOOST_FOR: Final = timedelta(seconds=60)
"""How long a woken agent may use more CPU than its plan has: its first answer takes a few seconds with it."""
SHORTEST_NAP: Final = timedelta(minutes=2)
"""An agent whose own timer is due before that is left awake."""
START_AHEAD: Final = timedelta(seconds=45)
"""A stopped agent starts so long before its timer: what is overdue at its start OpenClaw puts off by two minutes."""
MOST_LEFT: Final = 0.9
"""Of what an agent held, what may stay resident: a smaller fall is the coming and going of the kernel's own books."""
_UP: Final = (ContainerStatus.RUNNING, ContainerStatus.PAUSED)
_STOP_GRACE: Final = 10
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bedtime:
    """The acts of a look that have to do with sleep. ``boost`` is the CPU (cores) a waking agent gets."""

    runtime: Runtime
    chronicle: Chronicle
    timers: Timers
    clock: Clock
    boost: float

    async def perform(self, act: Act, agent: Agent, state: ContainerState | None) -> None:
        """Sleep, wake or up, as was decided; raises :class:`~manager_bot.watchdog.rows.Stale` if someone was faster."""
        if act is Act.SLEEP:
            await self.sleep(agent, state)
        elif act is Act.WAKE:
            await self.wake(agent, state)
        else:
            await self.up(agent)

    async def sleep(self, agent: Agent, state: ContainerState | None) -> None:
        """Freeze it where the host's swap can take what it holds, else stop it; asleep is what was read back."""
        due = await self.timers.next_due(agent)
        if due is not None and due - self.clock.now() < SHORTEST_NAP:
            await self.up(agent)
            return
        shrunk = await self._freeze(agent) if await self._fits_in_swap(agent, state) else None
        if shrunk is not None:
            changes: dict[str, object] = {"container_status": ContainerStatus.PAUSED}
            how = f"frozen, {shrunk.before // _MIB} to {shrunk.after // _MIB} MB"
        else:
            changes = await self._stop(agent)
            due = due - START_AHEAD if due is not None else None
            how = "stopped"
        await turn(agent, Rest.ASLEEP, self.clock.now(), wake_at=due, **changes)
        await self.chronicle.event(agent, "asleep", Severity.INFO, how)

    async def wake(self, agent: Agent, state: ContainerState | None) -> None:
        """Thaw it; one that the engine will not thaw is made anew, for its data lies outside."""
        try:
            await self.runtime.thaw(agent.id)
        except RuntimeRefused as error:
            await self._make_anew(agent, state, error)
            return
        reach("bedtime.thawed")
        await turn(agent, Rest.AWAKE, self.clock.now(), container_status=ContainerStatus.RUNNING, **self._fresh())
        await self.chronicle.event(agent, "awake", Severity.INFO)

    async def up(self, agent: Agent) -> None:
        """It does not sleep, whatever the row says."""
        await turn(agent, Rest.AWAKE, self.clock.now(), **self._fresh())

    async def end_boost(self, agent: Agent) -> None:
        """Back to the plan's CPU once the first answer had its time."""
        if agent.boost_until is None or agent.boost_until > self.clock.now():
            return
        if agent.container_status is ContainerStatus.RUNNING and agent.stage is Stage.CONNECTED:
            await self.runtime.limit_cpu(agent.id, plan_of(str(agent.user.plan)).cpu)
        await save(agent, boost_until=None)

    def _fresh(self) -> dict[str, datetime | None]:
        return {"wake_at": None, "boost_until": self.clock.now() + BOOST_FOR}

    async def _fits_in_swap(self, agent: Agent, state: ContainerState | None) -> bool:
        if state is None or state.status not in _UP:
            return False
        use = await self.runtime.memory(agent.id)
        return use is not None and use.used <= await self.runtime.free_swap_mb() * _MIB

    async def _freeze(self, agent: Agent) -> Shrunk | None:
        """The CPU is boosted before, so that waking is one call; nothing where it did not become smaller."""
        try:
            await self.runtime.limit_cpu(agent.id, max(self.boost, plan_of(str(agent.user.plan)).cpu))
            reach("bedtime.before_freeze")
            shrunk = await self.runtime.freeze(agent.id)
        except RuntimeRefused as error:
            log.warning("agent_not_frozen", agent_id=agent.id, reason=str(error))
            return None
        reach("bedtime.frozen")
        if shrunk.after <= shrunk.before * MOST_LEFT:
            return shrunk
        log.warning("agent_did_not_shrink", agent_id=agent.id, bytes=shrunk.after)
        return None

    async def _stop(self, agent: Agent) -> dict[str, object]:
        """Stopped at our wish: its end is counted, so that nobody takes it for a failure."""
        reach("bedtime.before_stop")
        await self.runtime.stop(agent.id, _STOP_GRACE)
        reach("bedtime.stopped")
        found = await self.runtime.state(agent.id)
        status = found.status if found else ContainerStatus.MISSING
        return {"container_status": status, "last_end_at": found.finished_at if found else None}

    async def _make_anew(self, agent: Agent, state: ContainerState | None, error: Exception) -> None:
        """An incident with its cause, and a new container; it counts as no attempt, for the agent did nothing wrong."""
        log.warning("agent_not_thawed", agent_id=agent.id, reason=str(error))
        decision = Decision(Act.WAKE, Trouble.WAKE_FAILED, agent.restart_count)
        await self.chronicle.report(agent, state, decision, detail=str(error))
        await self.runtime.remove(agent.id)
        gone = {"container_status": ContainerStatus.MISSING, "stage": Stage.QUEUED, "trouble": Trouble.WAKE_FAILED}
        await turn(agent, Rest.AWAKE, self.clock.now(), wake_at=None, boost_until=None, **gone)
