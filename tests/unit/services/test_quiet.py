"""When it is quiet, by the clocks of the sleeper."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from manager_bot.errors import QuietHoursMalformed
from manager_bot.services.quiet import QuietHours


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22-7", "2026-09-06T21:59", None),
        ("22-7", "2026-09-06T22:00", "2026-09-07T07:00"),
        ("22-7", "2026-09-07T06:59", "2026-09-07T07:00"),
        ("22-7", "2026-09-07T07:00", None),
        ("1-6", "2026-09-07T03:00", "2026-09-07T06:00"),
        ("1-6", "2026-09-07T23:00", None),
        ("22-24", "2026-09-07T23:00", "2026-09-08T00:00"),
        ("22-7 Europe/Berlin", "2026-07-06T19:59", None),
        ("22-7 Europe/Berlin", "2026-07-06T20:00", "2026-07-07T05:00"),
        ("22-7 Europe/Berlin", "2026-12-06T21:00", "2026-12-07T06:00"),
        ("22:30-6:15 Asia/Kolkata", "2026-09-06T17:00", "2026-09-07T00:45"),
        ("22-7 Europe/Berlin", "2026-10-24T23:00", "2026-10-25T06:00"),  # the clocks go back that night
    ],
)
def test_until(hours: str, now: str, until: str | None) -> None:
    assert QuietHours.parse(hours).until(at(now)) == (at(until) if until else None)


@pytest.mark.parametrize(
    "text", ["", "22", "22-22", "25-7", "22:60-7", "22-7 Mars/Olympus", "22-7 ../../etc/passwd", "22-7 Europe", "a-b"]
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(QuietHoursMalformed):
        QuietHours.parse(text)


def test_what_is_saved_reads_back() -> None:
    hours = QuietHours.parse(" 22 – 7:05 Europe/Berlin ")
    assert str(hours) == "22:00-07:05 Europe/Berlin"
    assert QuietHours.parse(str(hours)) == hours
