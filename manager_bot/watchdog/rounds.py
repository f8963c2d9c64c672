"""The watchdog's rounds: cheap looks at many agents that decide whom to look at closely."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

import structlog
from tortoise.expressions import F, Q

from manager_bot.clock import Clock
from manager_bot.plans import Plan, plan_of
from manager_bot.runtime.base import ContainerState, Runtime
from manager_bot.services.incidents import Finding
from manager_bot.watchdog.bell import Bell
from manager_bot.watchdog.health import HealthProbe
from manager_bot.watchdog.idle import calm, is_idle
from manager_bot.watchdog.intent import intended, meant_to_run
from manager_bot.watchdog.keeper import Keeper
from manager_bot.watchdog.policy import DEAF_AFTER, HEALTHY_RESET, LONGEST_PAUSE, MISSES
from manager_bot.watchdog.rows import Stale, turn
from models import Agent, Cause, ContainerStatus, DesiredState, Rest, Severity, Stage, Trouble

HIGH_MEMORY = 0.9
HIGH_MEMORY_FOR = timedelta(minutes=10)
_CONNECTED_EVERY = 10
"""Rounds between two questions to a connected agent; one that is connecting is asked every round."""
_QUIET = (Trouble.GAVE_UP, Trouble.BAD_CONFIG)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Rounds:
    """One method a round; each is called again and again by :class:`~manager_bot.watchdog.watchdog.Watchdog`."""

    keeper: Keeper
    runtime: Runtime
    probe: HealthProbe
    bell: Bell
    clock: Clock
    sleep_after: Callable[[Plan], timedelta | None] = attrgetter("sleep_after")
    """How long an agent of a plan must be idle before it sleeps; nothing where it stays awake."""
    _number: int = 0
    _high_since: dict[int, datetime] = field(default_factory=dict)

    async def wishes(self) -> None:
        """Agents somebody wished something of, those whose next attempt is due, and those between sleep and waking."""
        now = self.clock.now()
        await Agent.filter(rest=Rest.ASLEEP, wake_at__lte=now).update(rest=Rest.WAKING, rest_since=now)
        due = Q(next_attempt_at__lte=now) | Q(next_attempt_at__gt=now + LONGEST_PAUSE) | Q(boost_until__lte=now)
        turning = Q(rest__in=(Rest.HELD, Rest.WAKING))
        wanted = Q(wish__gt=F("wish_done")) | ((due | turning) & meant_to_run())
        for agent_id in await Agent.filter(wanted).values_list("id", flat=True):
            self.bell.poke(int(str(agent_id)))
        self.keeper.gate.look()

    async def compare(self) -> None:
        """Every container against every row, by one sparse list and one query; removes orphans."""
        await self.runtime.prepare()
        states = {state.agent_id: state for state in await self.runtime.states()}
        agents = {agent.id: agent for agent in await Agent.all().select_related("user")}
        for agent_id in states.keys() - agents.keys():
            log.warning("orphan_removed", agent_id=agent_id, container=states[agent_id].name)
            await self.runtime.remove(agent_id)
        for agent in agents.values():
            if _differs(agent, states.get(agent.id)):
                self.bell.poke(agent.id)

    async def everyone(self) -> list[int]:
        """Look closely at every agent: at the watchdog's start and after the engine was away."""
        ids = [agent.id for agent in await Agent.all().only("id")]
        for agent_id in ids:
            self.bell.poke(agent_id)
        return ids

    async def health(self) -> None:
        """Ask those who run, and notice what only time brings about."""
        self._number += 1
        running = Agent.filter(meant_to_run(), container_status=ContainerStatus.RUNNING)
        for agent in await running:
            connected = agent.stage is Stage.CONNECTED and agent.trouble is None
            turn = (self._number + agent.id) % _CONNECTED_EVERY == 0
            if not connected or turn or self.keeper.health[agent.id].misses:
                await self._ask(agent)
            if self._is_due(agent):
                self.bell.poke(agent.id)

    async def idle(self) -> None:
        """Let those fall asleep with whom nobody spoke for their plan's time; the door looks whether they are quiet."""
        now = self.clock.now()
        for agent in await Agent.filter(calm()).select_related("user"):
            if is_idle(agent, self.sleep_after(plan_of(str(agent.user.plan))), now):
                with contextlib.suppress(Stale):
                    await turn(agent, Rest.DROWSY, now)

    async def memory(self) -> None:
        """A warning where memory stays above 90 % of the limit for ten minutes."""
        now = self.clock.now()
        running = Agent.filter(meant_to_run(), container_status=ContainerStatus.RUNNING)
        for agent in await running.select_related("user"):
            use = await self.runtime.memory(agent.id)
            if use is None or not use.limit or use.used <= HIGH_MEMORY * use.limit:
                if self._high_since.pop(agent.id, None):
                    await self.keeper.chronicle.incidents.close_agent(agent, Cause.HIGH_MEMORY)
                continue
            percent = f"{use.used * 100 // use.limit} % of the limit"
            if agent.id not in self._high_since:
                self._high_since[agent.id] = now
                await self.keeper.chronicle.event(agent, "high_memory", Severity.WARNING, percent)
            elif now - self._high_since[agent.id] >= HIGH_MEMORY_FOR:
                self._high_since[agent.id] = now
                finding = Finding(Cause.HIGH_MEMORY, memory_mb=use.used // (1024 * 1024))
                await self.keeper.chronicle.incidents.report(finding, agent)

    async def _ask(self, agent: Agent) -> None:
        seen = self.keeper.health[agent.id]
        answer = await self.probe.ask(agent.container_port)
        seen.misses = 0 if answer.live else seen.misses + 1
        seen.ready = answer.ready
        if answer.ready:
            self.keeper.gate.leave(agent.id)

    def _is_due(self, agent: Agent) -> bool:
        seen, now = self.keeper.health[agent.id], self.clock.now()
        polled = agent.last_poll_at and agent.started_at and agent.last_poll_at >= agent.started_at
        if seen.ready and polled and (agent.stage is not Stage.CONNECTED or agent.trouble is not None):
            return True
        if seen.misses >= MISSES or (agent.door_trouble is not None and agent.door_trouble is not agent.trouble):
            return True
        if agent.waiting_since is not None and now - agent.waiting_since >= DEAF_AFTER:
            return True
        healthy = agent.healthy_since is not None and now - agent.healthy_since >= HEALTHY_RESET
        return healthy and agent.restart_count > 0


def _differs(agent: Agent, state: ContainerState | None) -> bool:
    """Whether the list contradicts the row, which comes with its user."""
    if agent.desired_state is DesiredState.REMOVED:
        return True
    running = state is not None and state.status is ContainerStatus.RUNNING
    if intended(agent) is DesiredState.STOPPED:
        return state is not None and state.status in (ContainerStatus.RUNNING, ContainerStatus.PAUSED)
    if agent.rest is Rest.ASLEEP:
        return running
    if not running or state is None:
        return agent.trouble not in _QUIET
    known = (agent.container_id, agent.spec_digest, agent.container_status)
    return known != (state.container_id, state.spec_digest, state.status)
