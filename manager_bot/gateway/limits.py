"""How much of a door one agent may have."""

from __future__ import annotations

import time
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
    bytes: int = 0


@dataclass(slots=True)
class Room:
    """What one open request may keep in memory: a part of what its agent may."""

    share: _Share
    most: int
    bytes: int = 0

    def take(self, size: int) -> None:
        """Keep *size* bytes more until the request ends; raises :class:`TooBusy` where the agent has no room left."""
        if self.share.bytes + size > self.most:
            raise TooBusy(1)
        self.share.bytes += size
        self.bytes += size

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *_: object) -> None:
        self.share.bytes -= self.bytes
        self.share.open -= 1


@dataclass(frozen=True, slots=True)
class Limits:
    """A token bucket and a count of open requests per agent: ``rate`` a second, ``burst`` at once, ``most`` open,
    which together keep ``most_bytes`` in memory."""

    rate: float
    burst: float
    most: int
    most_bytes: int = 0
    _shares: dict[int, _Share] = field(default_factory=dict)

    def share(self, agent_id: int) -> Room:
        """Take part while the request is open, in a ``with`` block; raises :class:`TooBusy`."""
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
        return Room(share, self.most_bytes)
