"""Budgets on both databases: what is reserved, settled, refused and recovered."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from manager_bot.clock import OffsetClock, utc_day
from manager_bot.plans import PlanName
from manager_bot.services.budgets import Budgets
from manager_bot.services.holds import Ask, OverBudget, Spending
from manager_bot.services.ledger import Ledger
from manager_bot.services.notices import BudgetNotices
from manager_bot.services.outbox import NoticeKind, Outbox
from manager_bot.services.usage import Usage
from models import Budget, Notification, Reservation, Source, Tier, User

LIMIT = 1_000_000


def make(clock: OffsetClock, process: str = "a", patience: float = 5) -> Budgets:
    notices = BudgetNotices(Outbox(clock, ()), lambda: "manager_bot")
    return Budgets(clock, notices, Ledger(process), patience)


@pytest.fixture
def clock() -> OffsetClock:
    return OffsetClock()


@pytest.fixture
async def user(database: str) -> User:
    return await User.create(telegram_id=42, name="Ann", plan="free")


def ask(user: User, prompt: int = 1000, output: int = 1000, *, own_key: bool = False, messages: int = 1) -> Ask:
    return Ask(user.id, PlanName.FREE, prompt, output, Tier.FLASH, Source.CHAT, messages, own_key)


async def test_a_call_is_held_and_then_booked_exactly(user: User, clock: OffsetClock) -> None:
    budgets = make(clock)
    hold = await budgets.reserve(ask(user))
    assert (await budgets.state(user.id)).held == 2000
    await budgets.settle(hold, Spending(123, 100, 20, 10, 3))
    await budgets.settle(hold, Spending(999))

    state = await budgets.state(user.id)
    assert (state.used, state.held, state.remaining) == (123, 0, LIMIT - 123)
    today = (await Usage(clock, budgets).report(user.id)).today
    assert (today.tokens, today.prompt, today.output, today.cached, today.thoughts) == (123, 100, 20, 10, 3)
    assert (today.messages, today.requests) == (1, 1)


async def test_a_released_hold_leaves_no_trace(user: User, clock: OffsetClock) -> None:
    budgets = make(clock)
    await budgets.release(await budgets.reserve(ask(user)))
    state = await budgets.state(user.id)
    assert (state.used, state.held, await Reservation.all().count()) == (0, 0, 0)


@pytest.mark.parametrize(("seen", "booked"), [(0, 2000), (1500, 2000), (2500, 2500)])
async def test_a_call_cut_off_costs_the_larger_of_seen_and_held(
    user: User, clock: OffsetClock, seen: int, booked: int
) -> None:
    budgets = make(clock)
    await budgets.cut_off(await budgets.reserve(ask(user)), Spending(seen, min(seen, 1000), max(0, seen - 1000)))
    assert (await budgets.state(user.id)).used == booked


async def test_what_a_dead_process_left_is_booked_at_the_next_start(user: User, clock: OffsetClock) -> None:
    dead = make(clock, "dead")
    hold = await dead.reserve(ask(user))
    await dead.note_seen(hold, 5000)
    await dead.reserve(ask(user, own_key=True))

    alive = make(clock, "alive")
    mine = await alive.reserve(ask(user))
    assert await alive.recover() == 2
    assert await alive.recover() == 0
    state = await alive.state(user.id)
    assert (state.used, state.held) == (5000, mine.tokens)
    assert (await Usage(clock, alive).report(user.id)).today.own_key_tokens == 2000


async def test_at_the_edge_the_answer_is_limited_before_the_call_is_refused(user: User, clock: OffsetClock) -> None:
    budgets = make(clock)
    await Budget.create(user=user, date=utc_day(clock.now()), used=LIMIT - 1600)
    hold = await budgets.reserve(ask(user))
    assert (hold.tokens, hold.output) == (1600, 600)
    await budgets.settle(hold, Spending(1200))
    with pytest.raises(OverBudget) as refused:
        await budgets.reserve(ask(user))
    assert refused.value.used_up
    left = (await budgets.state(user.id)).resets_at - clock.now()
    assert abs(refused.value.retry_after - left.total_seconds()) < 3


async def test_who_only_open_holds_refuse_waits_for_them(user: User, clock: OffsetClock) -> None:
    budgets = make(clock)
    await Budget.create(user=user, date=utc_day(clock.now()), used=LIMIT - 2500)
    first = await budgets.reserve(ask(user))
    second = asyncio.create_task(budgets.reserve(ask(user)))
    await asyncio.sleep(0.2)
    assert not second.done()
    await budgets.settle(first, Spending(300))
    assert (await asyncio.wait_for(second, 1)).tokens == 2000


async def test_patience_ends_with_a_short_retry(user: User, clock: OffsetClock) -> None:
    budgets = make(clock, patience=0.3)
    await Budget.create(user=user, date=utc_day(clock.now()), used=LIMIT - 2500)
    await budgets.reserve(ask(user))
    with pytest.raises(OverBudget) as refused:
        await budgets.reserve(ask(user))
    assert (refused.value.used_up, refused.value.retry_after <= 30) == (False, True)


async def test_a_queue_that_does_not_move_gives_up_as_one(user: User, clock: OffsetClock) -> None:
    budgets = make(clock, patience=0.6)
    await Budget.create(user=user, date=utc_day(clock.now()), used=LIMIT - 2500)
    await budgets.reserve(ask(user))
    began = asyncio.get_running_loop().time()
    refused = await asyncio.gather(*(budgets.reserve(ask(user)) for _ in range(8)), return_exceptions=True)
    assert all(isinstance(one, OverBudget) and not one.used_up for one in refused)
    assert asyncio.get_running_loop().time() - began < 2 * budgets.patience


async def test_a_queue_that_moves_waits_longer_than_one_patience(user: User, clock: OffsetClock) -> None:
    budgets = make(clock, patience=0.6)
    await Budget.create(user=user, date=utc_day(clock.now()), used=LIMIT - 2500)

    async def call() -> None:
        hold = await budgets.reserve(ask(user))
        await asyncio.sleep(0.2)
        await budgets.settle(hold, Spending(10))

    await asyncio.gather(*(call() for _ in range(8)))
    assert (await budgets.state(user.id)).used == LIMIT - 2500 + 80


async def test_a_cancelled_reserve_holds_nothing(user: User, clock: OffsetClock) -> None:
    budgets = make(clock)
    tasks = [asyncio.create_task(budgets.reserve(ask(user))) for _ in range(20)]
    for number, task in enumerate(tasks):
        await asyncio.sleep(0.0005 * number)
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    for hold in done:
        if not isinstance(hold, BaseException):
            await budgets.release(hold)
    assert ((await budgets.state(user.id)).held, await Reservation.all().count()) == (0, 0)


async def test_a_crowd_at_the_edge_never_overshoots(user: User, clock: OffsetClock) -> None:
    budgets = make(clock)
    await Budget.create(user=user, date=utc_day(clock.now()), used=LIMIT - 20_000)

    async def call() -> bool:
        try:
            hold = await budgets.reserve(ask(user, 500, 500))
        except OverBudget:
            return False
        await asyncio.sleep(0.01)
        await budgets.settle(hold, Spending(hold.tokens, 500, hold.tokens - 500))
        return True

    answered = sum(await asyncio.gather(*(call() for _ in range(64))))
    state = await budgets.state(user.id)
    assert (answered, state.used, state.held) == (20, LIMIT, 0)


async def test_a_jump_over_two_steps_is_told_once_and_a_new_day_tells_anew(user: User, clock: OffsetClock) -> None:
    budgets = make(clock)
    for day in range(2):
        clock.offset = timedelta(days=day)
        await budgets.settle(await budgets.reserve(ask(user)), Spending(960_000))
        await budgets.settle(await budgets.reserve(ask(user)), Spending(1_000))
    told = await Notification.filter(kind=NoticeKind.BUDGET_NOTICE.value).order_by("id")
    assert [one.values["percent"] for one in told] == [95, 95]


async def test_a_crowd_over_a_step_is_told_once(user: User, clock: OffsetClock) -> None:
    budgets = make(clock)
    await Budget.create(user=user, date=utc_day(clock.now()), used=799_000)
    holds = [await budgets.reserve(ask(user, 10, 10)) for _ in range(16)]
    await asyncio.gather(*(budgets.settle(hold, Spending(2_000)) for hold in holds))
    assert await Notification.filter(kind=NoticeKind.BUDGET_NOTICE.value).count() == 1


async def test_a_grant_and_midnight_open_the_budget_at_once(user: User, clock: OffsetClock) -> None:
    budgets = make(clock)
    await Budget.create(user=user, date=utc_day(clock.now()), used=LIMIT)
    with pytest.raises(OverBudget):
        await budgets.reserve(ask(user))
    assert (await budgets.grant(user.id, 10_000)).remaining == 10_000
    await budgets.release(await budgets.reserve(ask(user)))

    clock.offset = timedelta(days=1)
    assert (await budgets.state(user.id)).remaining == LIMIT
    await budgets.release(await budgets.reserve(ask(user)))


async def test_a_call_over_midnight_is_booked_on_the_day_it_was_made(user: User, clock: OffsetClock) -> None:
    budgets = make(clock)
    hold = await budgets.reserve(ask(user))
    clock.offset = timedelta(days=1)
    await budgets.settle(hold, Spending(700))
    report = await Usage(clock, budgets).report(user.id)
    assert (report.today.tokens, report.week.tokens, report.budget.used) == (0, 700, 0)


async def test_each_step_is_told_once_and_the_last_again_after_a_grant(user: User, clock: OffsetClock) -> None:
    budgets = make(clock)
    for spent in (790_000, 15_000, 1_000, 150_000, 1_000, 50_000):
        await budgets.settle(await budgets.reserve(ask(user, 100, 300)), Spending(spent))
    told = await Notification.filter(kind=NoticeKind.BUDGET_NOTICE.value).order_by("id")
    assert [one.values["percent"] for one in told] == [80, 95, 100]
    for _ in range(3):
        with pytest.raises(OverBudget):
            await budgets.reserve(ask(user))
    assert await Notification.filter(kind=NoticeKind.BUDGET_NOTICE.value).count() == 3

    await budgets.grant(user.id, 20_000)
    await budgets.settle(await budgets.reserve(ask(user, 100, 300)), Spending(20_000))
    assert await Notification.filter(kind=NoticeKind.BUDGET_NOTICE.value).count() == 4
