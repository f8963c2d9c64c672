"""How anyone tells the watchdog to look at an agent now."""

from __future__ import annotations

import asyncio


class Bell:
    """The agents somebody wants looked at; implements ``Wakeup`` and ``DoorReport``.

    All the door sees is in the row; its reports only say that it is worth a look.

    Ringing never blocks, and ringing twice before anybody looked is ringing once.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, None] = {}
        self._rung = asyncio.Event()

    def poke(self, agent_id: int) -> None:
        """Look at this agent soon."""
        self._waiting[agent_id] = None
        self._rung.set()

    def polled(self, agent_id: int) -> None:
        """It polls."""
        self.poke(agent_id)

    def revoked(self, agent_id: int) -> None:
        """Its token is refused."""
        self.poke(agent_id)

    def polled_elsewhere(self, agent_id: int) -> None:
        """Another program polls its bot."""
        self.poke(agent_id)

    def updates_waiting(self, agent_id: int, count: int) -> None:  # noqa: ARG002 - the number is in the row
        """Updates wait for it."""
        self.poke(agent_id)

    async def next(self) -> int:
        """The agent that waits longest."""
        while not self._waiting:
            self._rung.clear()
            await self._rung.wait()
        agent_id = next(iter(self._waiting))
        del self._waiting[agent_id]
        return agent_id
