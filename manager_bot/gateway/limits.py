"""How much of a door one agent may have."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class TooBusy(Exception):
    """The agent asked for more than its share; ``retry_after`` in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too busy")
        self.retry_after = retry_after


@dataclass(slots=True)
class _Share:
    tokens: float
    at: float
    open: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """A token bucket and a count of open requests per agent: ``rate`` a second, ``burst`` at once, ``most`` open."""

    rate: float
    burst: float
    most: int
    _shares: dict[int, _Share] = field(default_factory=dict)

    @contextmanager
    def share(self, agent_id: int) -> Iterator[None]:
        """Take part while the request is open; raises :class:`TooBusy`."""
        now = time.monotonic()
        share = self._shares.get(agent_id)
        if share is None:
            share = self._shares[agent_id] = _Share(self.burst, now)
        share.tokens = min(self.burst, share.tokens + (now - share.at) * self.rate)
        share.at = now
        if share.tokens < 1 or share.open >= self.most:
            raise TooBusy(1 + int((1 - share.tokens) / self.rate) if share.tokens < 1 else 1)
        share.tokens -= 1
        share.open += 1
        try:
            yield
        finally:
            share.open -= 1
