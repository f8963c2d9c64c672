"""What the keeper needs of others, as small protocols."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from manager_bot.runtime.base import AgentSpec
from models import Agent


class SpecBuilder(Protocol):
    """Knows what an agent's container should be (:class:`~manager_bot.services.specs.Specs`)."""

    async def build(self, agent: Agent) -> AgentSpec:
        """The spec, its folders and config in place."""
        ...

    async def approve(self, agent: Agent) -> None:
        """The agent got ready with its present config: the one to go back to."""
        ...

    async def can_step_back(self, agent: Agent) -> bool:
        """Whether there is a config to go back to, other than the present one."""
        ...

    async def step_back(self, agent: Agent) -> None:
        """The present config is refused: until there is another one to try, :meth:`build` gives the last good one."""
        ...


class Timers(Protocol):
    """Knows an agent's own timers, which cannot run while it is frozen."""

    async def next_due(self, agent: Agent) -> datetime | None:
        """When the next one is due (UTC); nothing without timers. Never raises for what an agent wrote."""
        ...


class Undertaker(Protocol):
    """Archives the data of a removed agent and deletes its row."""

    async def bury(self, agent: Agent) -> None:
        """May be called again after a crash."""
        ...
