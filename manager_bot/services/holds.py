"""What budgets are spoken of in: a call about to be made, its hold, what it cost, and how a day stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from manager_bot.plans import PlanName
from models import Source, Tier


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
class Standing:
    """How a day's budget stands after a booking: what a notice is decided by, without a model's weight."""

    id: int
    user_id: int
    used: int
    granted: int
    noticed_percent: int


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
