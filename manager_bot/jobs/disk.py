"""Agents' disk use against their plans' shares, and the host's last two gigabytes."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tortoise.transactions import in_transaction

from manager_bot.clock import Clock, utc_day
from manager_bot.errors import AgentMissing
from manager_bot.openclaw.files import AgentFiles
from manager_bot.plans import plan_of
from manager_bot.services.agents import Agents
from manager_bot.services.audit import SYSTEM
from manager_bot.services.incidents import Finding, Incidents
from manager_bot.services.outbox import NoticeKind, Outbox
from models import Agent, Cause, DesiredState, Incident, Severity

WARN_PERCENT = 90
HOST_NEEDS_MB = 2048

_MIB = 1024 * 1024


class DiskJudgement(StrEnum):
    """What an agent's disk use calls for."""

    NOTHING = "nothing"
    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class DiskUse:
    """One agent's data and its share, in MiB."""

    agent_id: int
    used_mb: int
    share_mb: int
    is_running: bool

    @property
    def percent(self) -> int:
        """Of the share, rounded down."""
        return self.used_mb * 100 // self.share_mb


def judge(uses: Sequence[DiskUse], free_mb: int) -> dict[int, DiskJudgement]:
    """What to do about each agent.

    An agent at its share is stopped. While the host has less than ``HOST_NEEDS_MB`` free, so is the running agent
    nearest to its share, one a pass: stopping frees nothing, but what does not run does not grow.
    """
    found = {use.agent_id: _alone(use) for use in uses}
    running = [use for use in uses if use.is_running and found[use.agent_id] is not DiskJudgement.STOP]
    if free_mb < HOST_NEEDS_MB and running:
        found[max(running, key=lambda use: use.percent).agent_id] = DiskJudgement.STOP
    return found


def _alone(use: DiskUse) -> DiskJudgement:
    if not use.is_running or use.percent < WARN_PERCENT:
        return DiskJudgement.NOTHING
    return DiskJudgement.STOP if use.percent >= 100 else DiskJudgement.WARN


@dataclass(frozen=True, slots=True)
class DiskWatch:
    """Measures every agent's data and acts on what it finds.

    A stopped agent may be started again by its owner, to tidy up; it has until the next measurement.
    """

    clock: Clock
    files: AgentFiles
    agents: Agents
    outbox: Outbox
    incidents: Incidents

    async def run(self) -> None:
        """Measure once and act."""
        known = {agent.id: agent for agent in await Agent.all().prefetch_related("user")}
        free_mb = await asyncio.to_thread(self._free_mb)
        uses = [await self._measure(agent) for agent in known.values()]
        await self._host(free_mb)
        by_id = {use.agent_id: use for use in uses}
        for agent_id, judgement in judge(uses, free_mb).items():
            await self._act(known[agent_id], by_id[agent_id], judgement)

    async def _measure(self, agent: Agent) -> DiskUse:
        used = await asyncio.to_thread(self.files.used_mb, str(agent.id))
        running = agent.desired_state is DesiredState.RUNNING
        return DiskUse(agent.id, used, plan_of(str(agent.user.plan)).disk_mb, running)

    async def _host(self, free_mb: int) -> None:
        is_open = await Incident.exists(cause=Cause.DISK_FULL, agent_id=None, closed_at=None)
        if free_mb < HOST_NEEDS_MB and not is_open:
            await self.incidents.report(Finding(Cause.DISK_FULL, Severity.CRITICAL))
        elif free_mb >= HOST_NEEDS_MB and is_open:
            await self.incidents.close(Cause.DISK_FULL)

    async def _act(self, agent: Agent, use: DiskUse, judgement: DiskJudgement) -> None:
        if judgement is DiskJudgement.WARN:
            values = {"percent": use.percent, "share_mb": use.share_mb}
            once_a_day = f"disk:{agent.id}:{utc_day(self.clock.now())}"
            await self.outbox.post(agent.user.telegram_id, NoticeKind.DISK_NEARLY_FULL, values, dedupe_key=once_a_day)
        elif judgement is DiskJudgement.STOP:
            await self._stop(agent, use)

    async def _stop(self, agent: Agent, use: DiskUse) -> None:
        """The word goes out with the wish, or neither does."""
        values = {"is_host": use.percent < 100, "share_mb": use.share_mb}
        async with in_transaction():
            with contextlib.suppress(AgentMissing):
                await self.agents.stop(agent.user, SYSTEM)
                await self.outbox.post(agent.user.telegram_id, NoticeKind.DISK_STOPPED, values)

    def _free_mb(self) -> int:
        """Of the disk agents write to; before the first agent that is its parent's."""
        folder = next(one for one in (self.files.data, *self.files.data.parents) if one.exists())
        return shutil.disk_usage(folder).free // _MIB
