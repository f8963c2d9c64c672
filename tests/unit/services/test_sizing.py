"""Plans made real by host and image, and how many agents fit."""

from __future__ import annotations

import pytest

from manager_bot.errors import PlanTooSmall
from manager_bot.plans import PLANS, Plan, PlanName
from manager_bot.services.capacity import Cost, HostMemory, Needs, awake_at_once, cost
from manager_bot.services.sizing import Size, Sizing, Terms

FREE, STARTER, PRO = PLANS.values()
NEEDS = Needs(minimum_mb=400, awake_mb=358, asleep_mb=158)
"""As measured with the image of OpenClaw 2026.7.35."""
BIG = 16 * 1024


def sizing(swap_mb: int = 0, needs: Needs = NEEDS, memory_mb: int = BIG, places: int = 50, **terms: float) -> Sizing:
    return Sizing(HostMemory.of(memory_mb, swap_mb), needs, Terms(**terms), places)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("plan", "swap_mb", "expected"),
    [
        (FREE, 0, Size(400, 0, raised=True)),
        (FREE, 511, Size(400, 0, raised=True)),
        (FREE, 512, Size(256, 512, raised=False)),
        (STARTER, 0, Size(512, 0, raised=False)),
        (PRO, 0, Size(1024, 0, raised=False)),
    ],
)
def test_a_plan_gets_its_own_memory_or_the_least_that_works(plan: Plan, swap_mb: int, expected: Size) -> None:
    assert sizing(swap_mb).size_of(plan) == expected


def test_strict_plans_refuse_instead_of_raising() -> None:
    with pytest.raises(PlanTooSmall):
        sizing(strict=True).size_of(FREE)
    assert sizing(strict=True).size_of(STARTER).memory_mb == 512
    assert [fit.plan for fit in sizing(strict=True).fits_of()] == [STARTER, PRO]


def test_an_image_that_needs_more_than_plan_and_swap_is_not_promised() -> None:
    assert sizing(4096, Needs(1024, 1024, 1024)).size_of(FREE) == Size(1024, 0, raised=True)


@pytest.mark.parametrize(
    ("limit_mb", "limit_swap_mb", "swaps", "awake", "expected"),
    [
        # An awake agent costs what it holds; what is over its limit lies, compressed, in swap.
        (256, 512, True, 1.0, Cost(256 + 45, 158, 102, 1.0)),
        (512, 0, True, 1.0, Cost(358, 158, 0, 1.0)),
        # Without swap it sleeps by stopping and costs nothing then.
        (400, 0, False, 0.5, Cost(358, 0, 0, 0.5)),
        # Its limit bounds it; a larger one leaves Node room for a larger heap.
        (300, 0, False, 1.0, Cost(300, 0, 0, 1.0)),
        (1024, 0, True, 1.0, Cost(358 + 256, 271, 0, 1.0)),
        # Swap of its own bounds what spills.
        (256, 50, True, 1.0, Cost(256 + 22, 158, 50, 1.0)),
    ],
)
def test_what_an_agent_costs(limit_mb: int, limit_swap_mb: int, swaps: bool, awake: float, expected: Cost) -> None:
    found = cost(NEEDS, limit_mb, limit_swap_mb, swap=swaps, awake=awake)

    for part in ("awake_mb", "asleep_mb", "spilled_mb", "awake"):
        assert getattr(found, part) == pytest.approx(getattr(expected, part), abs=0.5)


def test_fifty_free_subscribers_fit_on_sixteen_gigabytes_with_compressed_swap() -> None:
    fit = sizing(swap_mb=BIG).fit_of(FREE)

    assert fit.size == Size(256, 512, raised=False)
    assert fit.in_all == fit.more == 50
    assert fit.at_once == 45


def test_without_swap_as_many_fit_but_fewer_are_awake_at_once_and_each_is_larger() -> None:
    fit = sizing().fit_of(FREE)

    assert fit.size == Size(400, 0, raised=True)
    assert (fit.in_all, fit.at_once) == (50, 40)
    assert sizing(awake=1.0).fit_of(FREE).in_all == 40


@pytest.mark.parametrize(
    ("name", "memory_mb", "swap_mb", "in_all", "at_once"),
    [
        (PlanName.FREE, 4096, 0, 17, 8),
        (PlanName.FREE, 4096, 4096, 13, 7),
        (PlanName.STARTER, 4096, 4096, 11, 6),
        (PlanName.PRO, 4096, 4096, 5, 5),
        (PlanName.PRO, 1900, 0, 0, 0),  # its own limit is more than the host has for agents
        (PlanName.FREE, 1024, 0, 0, 0),
    ],
)
def test_what_fits_on_other_hosts(name: PlanName, memory_mb: int, swap_mb: int, in_all: int, at_once: int) -> None:
    fit = sizing(swap_mb, memory_mb=memory_mb).fit_of(PLANS[name])

    assert (fit.in_all, fit.at_once) == (in_all, at_once)


def test_agents_that_are_there_take_their_place() -> None:
    host = sizing(swap_mb=4096, memory_mb=4096)
    alone = host.fit_of(FREE)

    assert host.fit_of(FREE, [FREE] * alone.in_all).more == 0
    assert host.fit_of(FREE, [PRO] * 4).more == 2
    assert host.fit_of(PRO, [FREE] * alone.in_all).more == 0
    assert sizing(swap_mb=BIG, places=3).fit_of(FREE, [PRO, PRO]).more == 1


def test_little_swap_does_not_hold_what_spills_from_small_agents() -> None:
    assert sizing(swap_mb=1024).fit_of(FREE).in_all == 10
    assert sizing(swap_mb=1024).fit_of(STARTER).in_all == 50


def test_over_commit_is_a_wager_that_the_operator_makes() -> None:
    assert sizing(memory_mb=4096, overcommit=2.0).fit_of(PRO).in_all == 2 * sizing(memory_mb=4096).fit_of(PRO).in_all


@pytest.mark.parametrize(
    ("count", "memory_mb", "expected"),
    [(10, 1024 + 3580, 10), (10, 1024 + 2000, 2), (10, 1024 + 1580, 0), (0, 4096, 0)],
)
def test_how_many_may_be_awake_while_the_others_sleep(count: int, memory_mb: int, expected: int) -> None:
    one = cost(NEEDS, 512, 0, swap=True, awake=0.5)

    assert awake_at_once(count, one, HostMemory(memory_mb, 4096, 1024)) == expected
