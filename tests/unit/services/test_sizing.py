"""Plans made real by host and image."""

from __future__ import annotations

import pytest

from manager_bot.errors import PlanTooSmall
from manager_bot.plans import PLANS, PlanName
from manager_bot.services.sizing import Size, Sizing


def sizing(swap_mb: int = 0, strict: bool = False, minimum_mb: int = 384) -> Sizing:
    return Sizing(memory_mb=16384, swap_mb=swap_mb, minimum_mb=minimum_mb, overcommit=1.0, strict=strict)


@pytest.mark.parametrize(
    ("plan", "swap_mb", "expected"),
    [
        (PlanName.FREE, 0, Size(384, 0, raised=True)),
        (PlanName.FREE, 511, Size(384, 0, raised=True)),
        (PlanName.FREE, 512, Size(256, 512, raised=False)),
        (PlanName.STARTER, 0, Size(512, 0, raised=False)),
        (PlanName.PRO, 0, Size(1024, 0, raised=False)),
    ],
)
def test_a_plan_gets_its_own_memory_or_the_least_that_works(plan: PlanName, swap_mb: int, expected: Size) -> None:
    assert sizing(swap_mb).size_of(PLANS[plan]) == expected


def test_strict_plans_refuse_instead_of_raising() -> None:
    with pytest.raises(PlanTooSmall):
        sizing(strict=True).size_of(PLANS[PlanName.FREE])
    assert sizing(strict=True).size_of(PLANS[PlanName.STARTER]).memory_mb == 512


def test_an_image_that_needs_more_than_plan_and_swap_is_not_promised() -> None:
    assert sizing(swap_mb=4096, minimum_mb=1024).size_of(PLANS[PlanName.FREE]) == Size(1024, 0, raised=True)
