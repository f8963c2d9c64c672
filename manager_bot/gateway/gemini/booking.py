"""One call's account, from its hold to its settlement; settled once, whatever happens to the call."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from manager_bot.gateway.gemini.usage import Reading
from manager_bot.gateway.metrics import Meter
from manager_bot.services.budgets import Budgets
from manager_bot.services.holds import Hold
from models import Tier


class Fate(StrEnum):
    """What became of the call, as far as is known."""

    NOT_SERVED = "not_served"
    UNDER_WAY = "under_way"
    COMPLETE = "complete"


@dataclass(slots=True)
class Booking:
    """Until Gemini was asked a call costs nothing; from then on its hold, unless its usage proves otherwise.

    ``tier`` is the one that answered, where it is not the one the hold was taken for; ``saved`` are tokens spared.
    """

    budgets: Budgets
    meter: Meter
    hold: Hold
    reading: Reading = field(default_factory=Reading)
    fate: Fate = Fate.NOT_SERVED
    noted: int = 0
    closed: bool = False
    tier: Tier | None = None
    saved: int = 0

    @property
    def outgrown(self) -> bool:
        """Whether a usage was seen that is more than the hold, and not written down."""
        return self._least > max(self.hold.tokens, self.noted)

    async def note(self) -> None:
        """Write down a usage that has outgrown the hold: a crash from here on must not make it less."""
        if self.outgrown:
            self.noted = self._least
            await self.budgets.note_seen(self.hold, self.noted)

    @property
    def _least(self) -> int:
        if not self.reading.uncounted:
            return self.reading.total
        return self.reading.at_least(self.hold.ask.prompt).total

    async def close(self) -> None:
        """Settle: exactly if the answer came to its end, else at the larger of what was seen and what was held."""
        if self.closed:
            return
        self.closed = True
        seen, saved = self.reading.seen, 0
        if self.fate is Fate.NOT_SERVED:
            await self.budgets.release(self.hold)
            return
        if self.fate is Fate.COMPLETE and self.reading.ended and seen.total:
            saved = self.saved
            await self.budgets.settle(self.hold, seen, self.tier, saved)
        else:
            seen = await self.budgets.cut_off(self.hold, self.reading.at_least(self.hold.ask.prompt), self.tier)
        self.meter.booked(self.tier or self.hold.ask.tier, self.hold.ask.source, seen, saved)
