"""Whether Gemini answers at all, from what the agents' own calls meet: one incident, and nobody is restarted."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import structlog

from manager_bot.services.incidents import Finding, Incidents
from models import Cause, Severity

WINDOW: Final = 60.0
"""Seconds of calls that are judged together."""
FAILURES: Final = 5
"""Fewer failed calls are bad luck."""
SHARE: Final = 0.5
RECOVERED: Final = 3
"""Good calls in a row that end it."""
EVERY_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class ErrorRate:
    """Good and failed calls of the last minute; moments in monotonic seconds. Only the last 1,000 are looked at."""

    _calls: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=1000))

    def record(self, ok: bool, now: float) -> None:
        """One call ended."""
        self._calls.append((now, ok))
        self._forget(now)

    def is_down(self, now: float) -> bool | None:
        """Whether most calls fail; nothing where the calls do not say."""
        self._forget(now)
        latest = [ok for _, ok in list(self._calls)[-RECOVERED:]]
        if len(latest) == RECOVERED and all(latest):
            return False
        failed = sum(not ok for _, ok in self._calls)
        if failed >= FAILURES and failed >= SHARE * len(self._calls):
            return True
        return False if self._calls and not failed else None

    def _forget(self, now: float) -> None:
        while self._calls and self._calls[0][0] < now - WINDOW:
            self._calls.popleft()


@dataclass(slots=True)
class GeminiOutage:
    """Keeps the incident by what the Gemini door's calls meet.

    A refusal (4xx) is an answer: it concerns a key, a quota or one request. Failures are 5xx and no answer at all.
    """

    rate: ErrorRate
    incidents: Incidents
    every: float = EVERY_SECONDS
    _down: bool | None = None
    """Unknown at first: an incident may be open from before our start."""

    async def run(self) -> None:
        """Judge now and then, for ever; no failure ends it."""
        while True:
            await asyncio.sleep(self.every)
            try:
                await self.judge()
            except Exception as error:
                log.exception("gemini_outage_not_judged", error=type(error).__name__)

    async def judge(self) -> None:
        """Open the incident, or close it."""
        down = self.rate.is_down(time.monotonic())
        if down is None or down is self._down:
            return
        if down:
            await self.incidents.report(Finding(Cause.GEMINI_DOWN, Severity.CRITICAL))
        else:
            await self.incidents.close(Cause.GEMINI_DOWN)
        self._down = down
