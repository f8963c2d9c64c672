"""Everything that happens in the world, as one numbered stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from manager_bot.demo.clock import Clock

KEPT = 10_000
"""Events a late listener can still ask for."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `data` is plain JSON."""

    number: int
    at: float
    kind: str
    data: dict[str, object]

    def as_json(self) -> dict[str, object]:
        return {"number": self.number, "at": self.at, "kind": self.kind, **self.data}


class EventBus:
    """Remembers the latest events and lets any number of listeners follow."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._number = 0
        self._news = asyncio.Event()

    @property
    def last(self) -> int:
        """The number of the newest event; 0 when nothing has happened yet."""
        return self._number

    def publish(self, kind: str, **data: object) -> None:
        self._number += 1
        self._events.append(Event(self._number, self._clock.now(), kind, data))
        self._news.set()
        self._news = asyncio.Event()

    def since(self, number: int) -> list[Event]:
        if number >= self._number:
            return []
        return [event for event in self._events if event.number > number]

    async def follow(self, after: int) -> AsyncIterator[Event]:
        """Every event after number `after`, then each new one as it happens."""
        while True:
            news = self._news
            for event in self.since(after):
                after = event.number
                yield event
            await news.wait()
