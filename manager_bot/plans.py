"""The plans, and the one place for their numbers (source: the seed's resource table)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from manager_bot.tiers import Tier


class PlanName(StrEnum):
    """A plan's name as stored."""

    FREE = "free"
    STARTER = "starter"
    PRO = "pro"


class AtMaxAttempts(StrEnum):
    """What the watchdog does when the attempts are used up."""

    STOP = "stop"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Plan:
    """Limits of one plan.

    Memory and swap in MiB, CPU in cores, the token budget in Gemini's ``totalTokenCount`` a UTC day.
    ``max_attempts`` is ``None`` where restarts are unlimited; ``alert_at`` is the attempt from which it is critical.
    ``sleep_after`` is how long an agent must be idle before it is put to sleep, ``None`` where it always stays awake;
    an operator may change it (``CLAWBOT_SLEEP_AFTER``).
    ``best_wish`` is the best tier a subscriber may ask for always; what a question needs by itself it gets on any plan.
    ``timers``: whether agents may set themselves reminders and recurring tasks, which wake them and cost tokens.
    """

    name: PlanName
    memory_mb: int
    swap_mb: int
    cpu: float
    tokens_per_day: int
    max_attempts: int | None
    alert_at: int
    at_max_attempts: AtMaxAttempts
    disk_mb: int
    best_wish: Tier
    sleep_after: timedelta | None
    timers: bool


def _minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


PLANS: dict[PlanName, Plan] = {
    plan.name: plan
    for plan in (
        Plan(PlanName.FREE, 256, 512, 0.25, 1_000_000, 3, 3, AtMaxAttempts.STOP, 1024, Tier.FLASH, _minutes(10), False),
        Plan(PlanName.STARTER, 512, 0, 0.50, 10_000_000, 3, 3, AtMaxAttempts.ALERT, 5120, Tier.PRO, _minutes(60), True),
        Plan(PlanName.PRO, 1024, 0, 1.00, 50_000_000, None, 3, AtMaxAttempts.ALERT, 20_480, Tier.PRO, None, True),
    )
}


def plan_of(name: str) -> Plan:
    """The plan stored as *name*."""
    return PLANS[PlanName(name)]
