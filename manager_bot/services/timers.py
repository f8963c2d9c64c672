"""The timers an agent set itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from manager_bot.clock import Clock
from manager_bot.openclaw.files import AgentFiles
from manager_bot.openclaw.timers import next_timer
from manager_bot.plans import plan_of
from models import Agent


@dataclass(frozen=True, slots=True)
class OwnTimers:
    """As the agent says in its own data; one whose plan has no timers runs none, whatever it says."""

    files: AgentFiles
    clock: Clock

    async def next_due(self, agent: Agent) -> datetime | None:
        """When the next one is due (UTC); ``None`` without one. The agent's user must be loaded."""
        if not plan_of(str(agent.user.plan)).timers:
            return None
        return await asyncio.to_thread(next_timer, self.files.data_dir(str(agent.id)), self.clock.now())
