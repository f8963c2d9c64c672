"""What was used: exactly what the ledger holds, summed up for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from manager_bot.clock import Clock, utc_day
from manager_bot.services.budgets import Budgets
from manager_bot.services.holds import BudgetState
from models import Source, Tier, UsageLog


@dataclass(frozen=True, slots=True)
class Period:
    """Sums over some UTC days, own-key calls included; ``own_key_tokens`` is their part of ``tokens``.

    ``saved`` are the prompt tokens that truncation and compaction spared, less what summaries cost.
    """

    messages: int = 0
    requests: int = 0
    tokens: int = 0
    prompt: int = 0
    output: int = 0
    cached: int = 0
    thoughts: int = 0
    own_key_tokens: int = 0
    saved: int = 0


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What /usage shows. ``days`` holds the last 30 UTC days (``YYYY-MM-DD``), oldest first, empty ones too."""

    budget: BudgetState
    today: Period
    week: Period
    month: Period
    tiers_today: Mapping[Tier, Period]
    sources_today: Mapping[Source, Period]
    days: Mapping[str, Period]


@dataclass(frozen=True, slots=True)
class Usage:
    """Use cases on usage."""

    clock: Clock
    budgets: Budgets

    async def report(self, user_id: int) -> UsageReport:
        """Today, the last 7 and the last 30 UTC days (today among them) of one user."""
        dates = last_days(self.clock.now(), 30)
        rows = await UsageLog.filter(user_id=user_id, date__gte=dates[0])
        today = [row for row in rows if row.date == dates[-1]]
        return UsageReport(
            budget=await self.budgets.state(user_id),
            today=total(today),
            week=total(row for row in rows if row.date >= dates[-7]),
            month=total(rows),
            tiers_today={tier: total(row for row in today if row.tier is tier) for tier in Tier},
            sources_today={source: total(row for row in today if row.source is source) for source in Source},
            days={date: total(row for row in rows if row.date == date) for date in dates},
        )


def last_days(now: datetime, count: int) -> list[str]:
    """The last *count* UTC days with today, oldest first."""
    return [utc_day(now - timedelta(days=back)) for back in range(count - 1, -1, -1)]


def total(rows: Iterable[UsageLog]) -> Period:
    """The sum of some rows."""
    kept = list(rows)
    return Period(
        messages=sum(row.message_count for row in kept),
        requests=sum(row.request_count for row in kept),
        tokens=sum(row.token_count for row in kept),
        prompt=sum(row.prompt_tokens for row in kept),
        output=sum(row.output_tokens for row in kept),
        cached=sum(row.cached_tokens for row in kept),
        thoughts=sum(row.thought_tokens for row in kept),
        own_key_tokens=sum(row.token_count for row in kept if row.own_key),
        saved=max(0, sum(row.saved_tokens for row in kept)),
    )
