"""Hours in which an admin is told only what cannot wait."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from manager_bot.errors import QuietHoursMalformed
from models import User

EXAMPLE: Final = "/quiet 22-7 Europe/Berlin"
_HOURS: Final = re.compile(
    r"(?P<start>[0-9]{1,2})(?::(?P<start_minute>[0-9]{2}))?\s*[-–—]\s*"
    r"(?P<end>[0-9]{1,2})(?::(?P<end_minute>[0-9]{2}))?(?:\s+(?P<zone>[A-Za-z][A-Za-z0-9_+\-/]{1,40}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From *start* to *end* by the clocks of *zone*, past midnight where *end* is the earlier one."""

    start: time
    end: time
    zone: str = "UTC"

    @classmethod
    def parse(cls, text: str) -> QuietHours:
        """``22-7 Europe/Berlin``, ``22:30-6:15``; raises :class:`QuietHoursMalformed`."""
        found = _HOURS.fullmatch(text.strip())
        if found is None:
            raise QuietHoursMalformed(example=EXAMPLE)
        try:
            start = time(int(found["start"]) % 24, int(found["start_minute"] or 0))
            end = time(int(found["end"]) % 24, int(found["end_minute"] or 0))
        except ValueError:
            raise QuietHoursMalformed(example=EXAMPLE) from None
        made = cls(start, end, found["zone"] or "UTC")
        made._tz()
        if start == end or max(int(found["start"]), int(found["end"])) > 24:
            raise QuietHoursMalformed(example=EXAMPLE)
        return made

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}"

    def until(self, now: datetime) -> datetime | None:
        """When the quiet that holds at *now* ends; nothing outside quiet hours."""
        zone = self._tz()
        local = now.astimezone(zone)
        moment, overnight = local.time(), self.start > self.end
        inside = self.start <= moment < self.end
        if overnight:
            inside = moment >= self.start or moment < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if overnight and moment >= self.start else 0)
        return datetime.combine(day, self.end, zone).astimezone(UTC)

    def _tz(self) -> tzinfo:
        """The zone; UTC is known even where the host has no time zone data."""
        if self.zone.upper() == "UTC":
            return UTC
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise QuietHoursMalformed(example=EXAMPLE) from None


async def keep_quiet(user: User, hours: QuietHours | None) -> None:
    """Save *user*'s quiet hours, or that there are none."""
    user.quiet_hours = str(hours) if hours else None
    await user.save(update_fields=["quiet_hours"])


async def quiet_until(telegram_ids: tuple[int, ...], now: datetime) -> dict[int, datetime]:
    """Those of *telegram_ids* who want quiet at *now*, and until when."""
    found: dict[int, datetime] = {}
    for user in await User.filter(telegram_id__in=telegram_ids).exclude(quiet_hours=None):
        until = QuietHours.parse(str(user.quiet_hours)).until(now)
        if until is not None:
            found[user.telegram_id] = until
    return found
