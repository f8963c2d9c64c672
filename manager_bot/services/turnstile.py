"""One at a time per user, in order of arrival, and a bell for whoever waits for room."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Gate:
    """One user's queue. The first in it may wait for the bell; ``moved`` is the loop's time when one last got in."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    moved: float = 0.0
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    users: int = 0

    async def wait(self, seconds: float) -> None:
        """Until something changed, or *seconds* (another process may have changed it)."""
        try:
            async with asyncio.timeout(seconds):
                await self.bell.wait()
        except TimeoutError:
            pass
        self.bell.clear()


@dataclass(slots=True)
class Passage:
    """One caller's way through; every call of an agent takes it, hence no generator."""

    gates: dict[int, Gate]
    user_id: int

    async def __aenter__(self) -> Gate:
        gate = self.gates.get(self.user_id)
        if gate is None:
            gate = self.gates[self.user_id] = Gate()
        gate.users += 1
        try:
            await gate.lock.acquire()
        except BaseException:
            self._leave(gate)
            raise
        return gate

    async def __aexit__(self, *_: object) -> None:
        gate = self.gates[self.user_id]
        gate.lock.release()
        self._leave(gate)

    def _leave(self, gate: Gate) -> None:
        gate.users -= 1
        if not gate.users:
            self.gates.pop(self.user_id, None)


class Turnstile:
    """The gates of those users who have calls on their way in."""

    def __init__(self) -> None:
        self._gates: dict[int, Gate] = {}

    def of(self, user_id: int) -> Passage:
        """Pass the user's gate once everybody before has: ``async with`` it."""
        return Passage(self._gates, user_id)

    def open(self, user_id: int) -> None:
        """There may be room now."""
        if gate := self._gates.get(user_id):
            gate.bell.set()
