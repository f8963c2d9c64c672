"""Telegram's limits on how fast a bot may write."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from manager_bot.demo.telegram.errors import too_many_requests


@dataclass(frozen=True, slots=True)
class FloodLimits:
    """About one message a second in one chat, with bursts; about thirty a second in all."""

    chat_burst: float = 20
    chat_per_second: float = 1
    bot_burst: float = 30
    bot_per_second: float = 30


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class Flood:
    """Token buckets, by bot and by chat, in real time."""

    limits: FloodLimits = FloodLimits()
    _buckets: dict[tuple[int, int], _Bucket] = field(default_factory=dict)

    def count(self, bot_id: int, person_id: int) -> None:
        """One more message or edit; raises 429 with the seconds to wait."""
        limits = self.limits
        self._take((bot_id, 0), limits.bot_burst, limits.bot_per_second)
        self._take((bot_id, person_id), limits.chat_burst, limits.chat_per_second)

    def set(self, limits: FloodLimits) -> None:
        self.limits = limits
        self._buckets.clear()

    def _take(self, key: tuple[int, int], burst: float, rate: float) -> None:
        now = time.monotonic()
        bucket = self._buckets.setdefault(key, _Bucket(burst, now))
        bucket.tokens = min(burst, bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.tokens < 1:
            raise too_many_requests(max(1, math.ceil((1 - bucket.tokens) / rate)))
        bucket.tokens -= 1
