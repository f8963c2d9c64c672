"""One at a time per user, in order of arrival, and a bell for whoever waits for room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Gate:
    """One user's queue. The first in it may wait for the bell."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
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


class Turnstile:
    """The gates of those users who have calls on their way in."""

    def __init__(self) -> None:
        self._gates: dict[int, Gate] = {}

    @asynccontextmanager
    async def of(self, user_id: int) -> AsyncIterator[Gate]:
        """Pass the user's gate once everybody before has."""
        gate = self._gates.setdefault(user_id, Gate())
        gate.users += 1
        try:
            async with gate.lock:
                yield gate
        finally:
            gate.users -= 1
            if not gate.users:
                self._gates.pop(user_id, None)

    def open(self, user_id: int) -> None:
        """There may be room now."""
        if gate := self._gates.get(user_id):
            gate.bell.set()
