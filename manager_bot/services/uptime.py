"""Recording how the components fare, minute by minute, for the status page's ninety days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from manager_bot.clock import Clock, utc_day
from manager_bot.services.status import BEATING, DAYS, Part, PartState, StatusBoard
from models import UptimeDay

MINUTE: Final = timedelta(minutes=1)
GAP: Final = 5
"""Minutes without a check from which on ClawBot counts as having been away."""


@dataclass(frozen=True, slots=True)
class Uptime:
    """Books checks; one process does it."""

    clock: Clock
    board: StatusBoard

    async def record_checks(self) -> None:
        """Book the minutes since the last check. A job's function, to be called once a minute.

        The state now stands for those minutes. After a gap it stands for the last one only: in the others nobody
        checked, so our own parts were down as far as anyone outside could tell, and of the rest nothing is known.
        """
        last = await UptimeDay.all().order_by("-checked_at").first()
        start = last.checked_at if last else self.clock.now() - MINUTE
        minutes = int((self.clock.now() - start) / MINUTE)
        if minutes < 1:
            return
        end = start + minutes * MINUTE
        seen = 1 if minutes > GAP else minutes
        states = await self.board.parts()
        async with in_transaction():
            for part in Part:
                if part in BEATING:
                    await _book_down(part, start, end - seen * MINUTE, end)
                await _book(part, utc_day(end - MINUTE), states[part], seen, end)
            await UptimeDay.filter(date__lt=utc_day(end - timedelta(days=DAYS))).delete()


async def _book_down(part: Part, start: datetime, until: datetime, checked_at: datetime) -> None:
    """Book the whole minutes from *start* to *until* as down, each to its day."""
    while start < until:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        stop = min(midnight, until)
        minutes = max(1, round((stop - start) / MINUTE))
        await _book(part, utc_day(start), PartState.DOWN, minutes, checked_at)
        start = stop


async def _book(part: Part, date: str, state: PartState, minutes: int, checked_at: datetime) -> None:
    """Add minutes to a day; an unknown state adds none, and is remembered as checked."""
    row, _ = await UptimeDay.get_or_create(defaults={"checked_at": checked_at}, component=part.value, date=date)
    up = minutes if state is PartState.UP else 0
    down = minutes if state in {PartState.DOWN, PartState.SILENT} else 0
    await UptimeDay.filter(id=row.id).update(up=F("up") + up, down=F("down") + down, checked_at=checked_at)
