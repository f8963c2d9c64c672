"""Token budgets: reserved before a call, settled after it, per user and UTC day.

A hold is persisted before Gemini is asked, so that a crash cannot make a call free: what a dead process
left open is booked at its hold when the next one starts (:meth:`Budgets.recover`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from manager_bot.clock import Clock, utc_day
from manager_bot.failpoints import reach
from manager_bot.plans import PlanName, plan_of
from manager_bot.services.notices import BudgetNotices
from manager_bot.services.turnstile import Turnstile
from models import Budget, Reservation, Source, Tier, UsageLog, User

LONGEST_WAIT: Final = 60.0
"""Seconds a call waits for open holds that alone stand in its way (DESIGN 6.1)."""
LEAST_OUTPUT: Final = 256
"""Tokens of output below which a call at the edge of a budget is not worth making."""
_LOOK_EVERY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Spending:
    """What Gemini counted, in tokens; ``total`` is its ``totalTokenCount``, and cached is part of prompt."""

    total: int = 0
    prompt: int = 0
    output: int = 0
    cached: int = 0
    thoughts: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """A call about to be made: whose, its prompt's estimate and the most it may answer, in tokens.

    ``messages`` is 1 where the call is a person's turn. ``own_key`` calls are metered and not budgeted.
    """

    user_id: int
    plan: PlanName
    prompt: int
    output: int
    tier: Tier
    source: Source
    messages: int = 0
    own_key: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """An open reservation. ``output`` is what the call may answer: less than asked at the edge of a budget."""

    id: int
    ask: Ask
    date: str
    tokens: int
    output: int


@dataclass(frozen=True, slots=True)
class BudgetState:
    """One user's budget today, in tokens; ``resets_at`` is 00:00 UTC."""

    limit: int
    used: int
    held: int
    granted: int
    resets_at: datetime

    @property
    def remaining(self) -> int:
        """What is left to settle against."""
        return max(0, self.limit - self.used)


class OverBudget(Exception):
    """The call does not fit. ``retry_after`` in seconds: to 00:00 UTC, or short where only open holds refuse it."""

    def __init__(self, retry_after: int, *, used_up: bool) -> None:
        super().__init__("over budget")
        self.retry_after = retry_after
        self.used_up = used_up


def next_midnight(now: datetime) -> datetime:
    """00:00 UTC after *now*, when budgets renew."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


@dataclass(frozen=True, slots=True)
class Budgets:
    """Use cases on budgets. ``process`` is a random id of this run; several tasks may call at once."""

    clock: Clock
    notices: BudgetNotices
    process: str
    patience: float = LONGEST_WAIT
    turnstile: Turnstile = field(default_factory=Turnstile)
    known: set[tuple[object, ...]] = field(default_factory=set)

    async def reserve(self, ask: Ask) -> Hold:
        """Take a hold, waiting for open ones if they alone are in the way; raises :class:`OverBudget`.

        Callers of one user pass one at a time, in order of arrival: whoever waits is served as a client that sends one
        request after the other would be.
        """
        if ask.own_key:
            hold = await self._unbroken(self._grab(ask, utc_day(self.clock.now()), ask.prompt + ask.output, 0))
            assert hold is not None, "own-key calls are not budgeted"  # noqa: S101
            return hold
        async with self.turnstile.of(ask.user_id) as gate:
            deadline = asyncio.get_running_loop().time() + self.patience
            while True:
                hold = await self._unbroken(self._try(ask))
                if hold is not None:
                    return hold
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0:
                    raise OverBudget(5, used_up=False)
                await gate.wait(min(left, _LOOK_EVERY))

    async def _try(self, ask: Ask) -> Hold | None:
        """A hold, ``None`` while only open holds refuse it; raises :class:`OverBudget`."""
        now = self.clock.now()
        date, limit = utc_day(now), plan_of(ask.plan).tokens_per_day
        whole = ask.prompt + ask.output
        if hold := await self._grab(ask, date, whole, limit):
            return hold
        budget = await self._budget(ask.user_id, date)
        room = limit + budget.granted - budget.used
        if room < ask.prompt + min(LEAST_OUTPUT, ask.output):
            await self.notices.used_up(budget, limit)
            raise OverBudget(int((next_midnight(now) - now).total_seconds()) + 1, used_up=True)
        if budget.held and room - budget.held < whole:
            return None
        return await self._grab(ask, date, min(whole, room), limit)

    async def _unbroken(self, work: Coroutine[Any, Any, Hold | None]) -> Hold | None:
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

    async def _grab(self, ask: Ask, date: str, tokens: int, limit: int) -> Hold | None:
        """The one conditional update everything rests on; its row count is the verdict."""
        if ask.own_key:
            return await self._take(ask, date, tokens)
        fits = Budget.filter(user_id=ask.user_id, date=date, granted__gte=F("used") + (F("held") + (tokens - limit)))
        async with in_transaction() as connection:
            if not await fits.using_db(connection).update(held=F("held") + tokens):
                return None
            return await self._take(ask, date, tokens)

    async def _take(self, ask: Ask, date: str, tokens: int) -> Hold:
        row = await Reservation.create(
            user_id=ask.user_id,
            date=date,
            tier=ask.tier,
            source=ask.source,
            own_key=ask.own_key,
            message_count=ask.messages,
            tokens=tokens,
            process=self.process,
            created_at=self.clock.now(),
        )
        return Hold(row.id, ask, date, tokens, tokens - ask.prompt)

    async def settle(self, hold: Hold, spent: Spending, tier: Tier | None = None) -> None:
        """Book a completed call at exactly what Gemini counted."""
        await self._close(hold, spent, tier or hold.ask.tier, hold.ask.messages)

    async def cut_off(self, hold: Hold, seen: Spending, tier: Tier | None = None) -> None:
        """Book a call that nobody saw end: the larger of its last seen usage and its hold, never too little."""
        spent = seen if seen.total >= hold.tokens else _at_hold(hold.ask, hold.tokens, seen)
        await self._close(hold, spent, tier or hold.ask.tier, hold.ask.messages)

    async def release(self, hold: Hold) -> None:
        """Give a hold back: Gemini never served the call."""
        async with in_transaction() as connection:
            if await Reservation.filter(id=hold.id).using_db(connection).delete() and not hold.ask.own_key:
                mine = Budget.filter(user_id=hold.ask.user_id, date=hold.date).using_db(connection)
                await mine.update(held=F("held") - hold.tokens)
        self.turnstile.open(hold.ask.user_id)

    async def note_seen(self, hold: Hold, tokens: int) -> None:
        """Remember that a call has already cost more than its hold, in case this process dies before its end."""
        await Reservation.filter(id=hold.id, seen_tokens__lt=tokens).update(seen_tokens=tokens)

    async def _close(self, hold: Hold, spent: Spending, tier: Tier, messages: int) -> None:
        ask = hold.ask
        reach("budgets.before_settle")
        await self._ensure_usage(ask, hold.date, tier)
        async with in_transaction() as connection:
            if not await Reservation.filter(id=hold.id).using_db(connection).delete():
                return
            await (
                _usage(ask, hold.date, tier)
                .using_db(connection)
                .update(
                    message_count=F("message_count") + messages,
                    request_count=F("request_count") + 1,
                    token_count=F("token_count") + spent.total,
                    prompt_tokens=F("prompt_tokens") + spent.prompt,
                    output_tokens=F("output_tokens") + spent.output,
                    cached_tokens=F("cached_tokens") + spent.cached,
                    thought_tokens=F("thought_tokens") + spent.thoughts,
                )
            )
            if not ask.own_key:
                mine = Budget.filter(user_id=ask.user_id, date=hold.date).using_db(connection)
                await mine.update(held=F("held") - hold.tokens, used=F("used") + spent.total)
        self.turnstile.open(ask.user_id)
        if not ask.own_key:
            budget = await self._budget(ask.user_id, hold.date)
            await self.notices.spent(budget, plan_of(ask.plan).tokens_per_day)

    async def recover(self) -> int:
        """Book what earlier processes left open; the number of holds. Call it once, before the first reserve.

        On PostgreSQL with several gateways, call it only when no other one runs: their holds look like a dead one's.
        """
        left = await Reservation.exclude(process=self.process).prefetch_related("user")
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

    async def _ensure_usage(self, ask: Ask, date: str, tier: Tier) -> None:
        """Make the usage row before the transaction: a conflict inside one would abort it on PostgreSQL."""
        key = (ask.user_id, date, tier, ask.source, ask.own_key)
        if key in self.known:
            return
        wanted = _usage(ask, date, tier)
        if not await wanted.exists():
            try:
                await UsageLog.create(user_id=ask.user_id, date=date, tier=tier, source=ask.source, own_key=ask.own_key)
            except IntegrityError:
                await wanted.get()
        self.known.add(key)


def _usage(ask: Ask, date: str, tier: Tier) -> QuerySet[UsageLog]:
    return UsageLog.filter(user_id=ask.user_id, date=date, tier=tier, source=ask.source, own_key=ask.own_key)


def _at_hold(ask: Ask, tokens: int, seen: Spending) -> Spending:
    prompt = min(max(seen.prompt, ask.prompt), tokens)
    return Spending(tokens, prompt, tokens - prompt, seen.cached, 0)
