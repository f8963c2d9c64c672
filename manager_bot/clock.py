"""The one clock, injected, so that seven days pass in a test without waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, in UTC."""
        ...


class SystemClock:
    """The host's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class OffsetClock:
    """The host's clock moved by a settable offset; for tests and the demo world."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


def utc_day(moment: datetime) -> str:
    """The UTC day of *moment* as ``YYYY-MM-DD``, the unit of every budget."""
    return moment.astimezone(UTC).date().isoformat()
