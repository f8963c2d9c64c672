"""The writes behind budgets, in plain SQL: they stand in the way of every call.

The same through the ORM costs several times the CPU (:mod:`models.statements`). Each method is one transaction.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tortoise.exceptions import IntegrityError

from manager_bot.services.holds import Ask, Hold, Spending, Standing
from models import Tier, UsageLog
from models.statements import Rows, Work, begin, is_sqlite, transact

_FITS: Final = """
UPDATE budgets SET held = held + $1
WHERE user_id = $2 AND date = $3 AND used + held + $1 <= $4 + granted
RETURNING id
"""
_HOLD: Final = """
INSERT INTO reservations
(user_id, date, tier, source, own_key, message_count, tokens, seen_tokens, process, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9) RETURNING id
"""
_DROP: Final = "DELETE FROM reservations WHERE id = $1 RETURNING id"
_UNHOLD: Final = "UPDATE budgets SET held = held - $1 WHERE user_id = $2 AND date = $3"
_COUNT: Final = """
UPDATE usage_logs SET message_count = message_count + $1, request_count = request_count + 1,
token_count = token_count + $2, prompt_tokens = prompt_tokens + $3, output_tokens = output_tokens + $4,
cached_tokens = cached_tokens + $5, thought_tokens = thought_tokens + $6, saved_tokens = saved_tokens + $7
WHERE user_id = $8 AND date = $9 AND tier = $10 AND source = $11 AND own_key = $12
"""
_BOOK: Final = """
UPDATE budgets SET held = held - $1, used = used + $2 WHERE user_id = $3 AND date = $4
RETURNING id, user_id, used, granted, noticed_percent
"""
_MOST_KNOWN: Final = 50_000


@dataclass(frozen=True, slots=True)
class Ledger:
    """Holds and bookings. ``process`` marks the holds of this run; ``_known`` are usage rows that surely exist.

    Of its own holds ``_open`` are not ended: with more than one of them, writes are likely to come together.
    """

    process: str
    _known: set[tuple[object, ...]] = field(default_factory=set)
    _open: set[int] = field(default_factory=set)

    def take(self, ask: Ask, date: str, tokens: int, limit: int, now: datetime) -> asyncio.Future[Hold | None]:
        """A hold of *tokens* if they fit a budget of *limit*: the one conditional update everything rests on.

        It is taken whether or not somebody still waits for it.
        """
        moment: object = now.isoformat(" ") if is_sqlite() else now
        return begin(self._take(ask, date, tokens, limit, moment), alone=not self._open)

    def _take(self, ask: Ask, date: str, tokens: int, limit: int, moment: object) -> Work[Hold | None]:
        if not ask.own_key and not (yield _FITS, (tokens, ask.user_id, date, limit)):
            return None
        who = (ask.user_id, date, ask.tier.value, ask.source.value, ask.own_key, ask.messages)
        made = yield _HOLD, (*who, tokens, self.process, moment)
        hold = Hold(int(made[0]["id"]), ask, date, tokens, tokens - ask.prompt)
        self._open.add(hold.id)
        return hold

    async def give_back(self, hold: Hold) -> None:
        """End a hold as if it had never been."""
        self._open.discard(hold.id)
        await transact(_give_back(hold))

    async def book(self, hold: Hold, spent: Spending, tier: Tier, saved: int) -> Standing | None:
        """End a hold at what was spent; the budget as it is then, if there is one and it was not booked before."""
        key = (hold.ask.user_id, hold.date, tier, hold.ask.source, hold.ask.own_key)
        if key not in self._known:
            await asyncio.create_task(self._ensure_row(hold.ask, hold.date, tier))
            self._remember(key)
        self._open.discard(hold.id)
        found = await begin(_book(hold, spent, tier, saved), alone=not self._open)
        return Standing(**found[0]) if found else None

    async def _ensure_row(self, ask: Ask, date: str, tier: Tier) -> None:
        """Make the usage row before the transaction: a conflict inside one would abort it on PostgreSQL."""
        row: dict[str, Any] = {
            "user_id": ask.user_id,
            "date": date,
            "tier": tier,
            "source": ask.source,
            "own_key": ask.own_key,
        }
        if not await UsageLog.exists(**row):
            try:
                await UsageLog.create(**row)
            except IntegrityError:
                await UsageLog.get(**row)

    def _remember(self, key: tuple[object, ...]) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known.add(key)


def _give_back(hold: Hold) -> Work[None]:
    if (yield _DROP, (hold.id,)) and not hold.ask.own_key:
        yield _UNHOLD, (hold.tokens, hold.ask.user_id, hold.date)


def _book(hold: Hold, spent: Spending, tier: Tier, saved: int) -> Work[Rows]:
    ask = hold.ask
    if not (yield _DROP, (hold.id,)):
        return []
    counted = (spent.total, spent.prompt, spent.output, spent.cached, spent.thoughts, saved)
    yield _COUNT, (ask.messages, *counted, ask.user_id, hold.date, tier.value, ask.source.value, ask.own_key)
    if ask.own_key:
        return []
    return (yield _BOOK, (hold.tokens, spent.total, ask.user_id, hold.date))
