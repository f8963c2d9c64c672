"""A word to a watcher outside this host, which raises the alarm when it stops coming."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import structlog
from pydantic import SecretStr

_PATIENCE: Final = aiohttp.ClientTimeout(total=10)
_LATE: Final = 60.0
"""Seconds a round may be late, on top of three of its periods, before it counts as hanging."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Deadman:
    """Knows when each of the watchdog's rounds last succeeded; calls *url* while all do, and says nothing otherwise.

    The address is a secret: whoever has it can feign life.
    """

    url: SecretStr
    session: aiohttp.ClientSession
    _rounds: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    """Of each round its period and its last success, in monotonic seconds; none after a failure."""

    def expect(self, name: str, period: float) -> None:
        """There is a round; it has not succeeded yet."""
        self._rounds[name] = (period, None)

    def ended(self, name: str, *, well: bool) -> None:
        """A round ended."""
        period, _ = self._rounds[name]
        self._rounds[name] = (period, time.monotonic() if well else None)

    def all_well(self) -> bool:
        """Whether every round succeeded the last time, and not too long ago."""
        now = time.monotonic()
        return all(at is not None and now - at <= 3 * period + _LATE for period, at in self._rounds.values())

    async def call(self) -> None:
        """Call, if all is well; an address that does not answer is a matter of its watcher."""
        if not self.all_well():
            return
        try:
            async with self.session.get(self.url.get_secret_value(), timeout=_PATIENCE) as answer:
                if answer.status >= 400:
                    log.warning("deadman_url_refused", status=answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("deadman_url_silent", error=type(error).__name__)
