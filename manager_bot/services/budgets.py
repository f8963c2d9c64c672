"""Token budgets: reserved before a call, settled after it, per user and UTC day.

A hold is persisted before Gemini is asked, so that a crash cannot make a call free: what a dead process
left open is booked at its hold when the next one starts (:meth:`Budgets.recover`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Final

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from manager_bot.clock import Clock, utc_day
from manager_bot.failpoints import reach
from manager_bot.plans import PlanName, plan_of
from manager_bot.services.holds import Ask, BudgetState, Hold, OverBudget, Spending, next_midnight
from manager_bot.services.ledger import Ledger
from manager_bot.services.notices import BudgetNotices
from manager_bot.services.turnstile import Turnstile
from models import Budget, Reservation, Tier, User

LONGEST_WAIT: Final = 60.0
"""Seconds a call waits for open holds that alone stand in its way (DESIGN 6.1)."""
LEAST_OUTPUT: Final = 256
"""Tokens of output below which a call at the edge of a budget is not worth making."""
_LOOK_EVERY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Budgets:
    """Use cases on budgets; several tasks may call at once."""

    clock: Clock
    notices: BudgetNotices
    ledger: Ledger
    patience: float = LONGEST_WAIT
    turnstile: Turnstile = field(default_factory=Turnstile)

    async def reserve(self, ask: Ask) -> Hold:
        """Take a hold, waiting for open ones if they alone are in the way; raises :class:`OverBudget`.

        Callers of one user pass one at a time, in order of arrival: whoever waits is served as a client that sends one
        request after the other would be. Where nobody gets in any more, all give up after the same time, and not one
        after the other.
        """
        clock = asyncio.get_running_loop().time
        arrived = clock()
        if ask.own_key:
            hold = await self._unbroken(self._grab(ask, ask.prompt + ask.output, 0))
            assert hold is not None, "own-key calls are not budgeted"  # noqa: S101
            return hold
        async with self.turnstile.of(ask.user_id) as gate:
            limit = plan_of(ask.plan).tokens_per_day
            while True:
                hold = await self._unbroken(self._grab(ask, ask.prompt + ask.output, limit))
                if hold is None:
                    hold = await self._unbroken(self._squeeze(ask, limit))
                if hold is not None:
                    gate.moved = clock()
                    return hold
                left = max(arrived, gate.moved) + self.patience - clock()
                if left <= 0:
                    raise OverBudget(5, used_up=False)
                await gate.wait(min(left, _LOOK_EVERY))

    async def _squeeze(self, ask: Ask, limit: int) -> Hold | None:
        """A hold that did not fit as it stood: a smaller one at the edge, ``None`` while only open holds refuse it.

        Also the first of a day, whose row is made here. Raises :class:`OverBudget`.
        """
        now, whole = self.clock.now(), ask.prompt + ask.output
        budget = await self._budget(ask.user_id, utc_day(now))
        room = limit + budget.granted - budget.used
        if room < ask.prompt + min(LEAST_OUTPUT, ask.output):
            await self.notices.used_up(budget, limit)
            raise OverBudget(int((next_midnight(now) - now).total_seconds()) + 1, used_up=True)
        if budget.held and room - budget.held < whole:
            return None
        return await self._grab(ask, min(whole, room), limit)

    async def _unbroken(self, work: Awaitable[Hold | None]) -> Hold | None:
        """*work* to its end, whoever hangs up meanwhile: a transaction cancelled half-way would lock the database.

        What it took for a caller who is gone is given back.
        """
        task = asyncio.ensure_future(work)
        try:
            hold = await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if not task.cancelled() and task.exception() is None and (hold := task.result()):
                await self.release(hold)
            raise
        if hold is not None:
            reach("budgets.reserved")
        return hold

    def _grab(self, ask: Ask, tokens: int, limit: int) -> asyncio.Future[Hold | None]:
        now = self.clock.now()
        return self.ledger.take(ask, utc_day(now), tokens, limit, now)

    async def settle(self, hold: Hold, spent: Spending, tier: Tier | None = None, saved: int = 0) -> None:
        """Book a completed call at exactly what Gemini counted; *saved* are the prompt tokens it was spared."""
        await self._close(hold, spent, tier or hold.ask.tier, saved)

    async def cut_off(self, hold: Hold, seen: Spending, tier: Tier | None = None) -> Spending:
        """Book a call that nobody saw end: the larger of its last seen usage and its hold, never too little."""
        spent = seen if seen.total >= hold.tokens else _at_hold(hold.ask, hold.tokens, seen)
        await self._close(hold, spent, tier or hold.ask.tier, 0)
        return spent

    async def release(self, hold: Hold) -> None:
        """Give a hold back: Gemini never served the call."""
        await self.ledger.give_back(hold)
        self.turnstile.open(hold.ask.user_id)

    async def note_seen(self, hold: Hold, tokens: int) -> None:
        """Remember that a call has already cost more than its hold, in case this process dies before its end."""
        await Reservation.filter(id=hold.id, seen_tokens__lt=tokens).update(seen_tokens=tokens)

    async def _close(self, hold: Hold, spent: Spending, tier: Tier, saved: int) -> None:
        reach("budgets.before_settle")
        budget = await self.ledger.book(hold, spent, tier, saved)
        self.turnstile.open(hold.ask.user_id)
        if budget is not None:
            await self.notices.spent(budget, plan_of(hold.ask.plan).tokens_per_day)

    async def recover(self) -> int:
        """Book what earlier processes left open; the number of holds. Call it once, before the first reserve.

        On PostgreSQL with several gateways, call it only when no other one runs: their holds look like a dead one's.
        """
        left = await Reservation.exclude(process=self.ledger.process).prefetch_related("user")
        for row in left:
            plan = PlanName(row.user.plan or PlanName.FREE)
            ask = Ask(row.user_id, plan, 0, row.tokens, row.tier, row.source, row.message_count, row.own_key)
            hold = Hold(row.id, ask, row.date, row.tokens, row.tokens)
            await self.cut_off(hold, Spending(total=row.seen_tokens, output=row.seen_tokens))
        return len(left)

    async def grant(self, user_id: int, tokens: int) -> BudgetState:
        """Add *tokens* to today's budget of a user; whoever waits is served at once.

        The 100 % notice may come once more this day: after a grant the agent can fall silent again.
        """
        date = utc_day(self.clock.now())
        await self._budget(user_id, date)
        await Budget.filter(user_id=user_id, date=date).update(granted=F("granted") + tokens)
        await Budget.filter(user_id=user_id, date=date, noticed_percent=100).update(noticed_percent=95)
        self.turnstile.open(user_id)
        return await self.state(user_id)

    async def state(self, user_id: int) -> BudgetState:
        """Today's budget of a user."""
        now = self.clock.now()
        user = await User.get(id=user_id)
        budget = await Budget.get_or_none(user_id=user_id, date=utc_day(now)) or Budget(user_id=user_id)
        limit = plan_of(user.plan or PlanName.FREE).tokens_per_day + budget.granted
        return BudgetState(limit, budget.used, budget.held, budget.granted, next_midnight(now))

    async def _budget(self, user_id: int, date: str) -> Budget:
        try:
            return (await Budget.get_or_create(user_id=user_id, date=date))[0]
        except IntegrityError:
            return await Budget.get(user_id=user_id, date=date)


def _at_hold(ask: Ask, tokens: int, seen: Spending) -> Spending:
    prompt = min(max(seen.prompt, ask.prompt), tokens)
    return Spending(tokens, prompt, tokens - prompt, seen.cached, 0)
