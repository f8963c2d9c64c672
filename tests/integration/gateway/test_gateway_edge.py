"""At the edge of a day's budget: who is served, who is refused until when, and who is told."""

from __future__ import annotations

import asyncio

import pytest
from gateway_house import House, Subscriber, eventually, said

from manager_bot.services.outbox import NoticeKind
from models import Budget, Notification, Reservation

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
TIME = "What time is it?"


async def _tokens(ann: Subscriber) -> int:
    return (await ann.usage()).today.tokens


async def test_over_budget_is_a_429_until_midnight_and_both_chats_are_told_once(house: House, ann: Subscriber) -> None:
    await ann.generate(said(TIME))
    assert await eventually(lambda: _named(house))
    await Budget.filter(user_id=ann.user_id).update(used=1_000_000)
    replies = [await ann.generate(said(TIME)) for _ in range(3)]

    refused = replies[0]
    assert (refused.status, refused.body["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    left = (await house.budgets.state(ann.user_id)).resets_at - house.parts.clock.now()
    assert abs(int(refused.headers["Retry-After"]) - left.total_seconds()) < 5
    notices = await Notification.filter(chat_id=ann.person.id).order_by("id")
    assert [(one.kind, one.token_of) for one in notices] == [
        (NoticeKind.BUDGET_NOTICE.value, None),
        (NoticeKind.AGENT_SILENT.value, ann.agent_id),
    ]
    assert notices[0].values == {"percent": 100, "used": 1_000_000, "limit": 1_000_000}
    assert notices[1].values == {"reason": "over_budget", "manager_username": "clawbot_manager_bot"}

    await house.budgets.grant(ann.user_id, 50_000)
    assert (await ann.generate(said(TIME))).status == 200


async def _named(house: House) -> bool:
    return bool(house.parts.manager.username)


async def test_the_owner_hears_at_80_and_95_percent(house: House, ann: Subscriber) -> None:
    await ann.generate(said(TIME))
    for used in (790_000, 800_500, 850_000, 951_000):
        await Budget.filter(user_id=ann.user_id).update(used=used)
        await ann.generate(said(TIME))
    notices = await Notification.filter(kind=NoticeKind.BUDGET_NOTICE.value).order_by("id")
    assert [one.values["percent"] for one in notices] == [80, 95]


async def test_sixty_four_calls_at_the_edge_neither_overshoot_nor_lose_room(house: House, ann: Subscriber) -> None:
    """As many succeed as one after the other would have; the answers are of a known size."""
    await house.control.script({"text": "word " * 300, "chunks": 1, "chunk_delay": 0.02})
    first = await ann.generate(said(TIME))
    cost = first.body["usageMetadata"]["totalTokenCount"]
    await Budget.filter(user_id=ann.user_id).update(used=1_000_000 - 30 * cost)
    replies = await asyncio.gather(*(ann.generate(said(TIME)) for _ in range(64)))

    answered = [reply for reply in replies if reply.status == 200]
    assert {reply.status for reply in replies} == {200, 429}
    budget = await Budget.get(user_id=ann.user_id)
    assert budget.held == 0
    assert await Reservation.all().count() == 0
    assert 0 <= budget.used - (1_000_000 - 30 * cost) <= 30 * cost + 64
    assert len(answered) >= 29
    assert await _tokens(ann) == sum(row["usage"]["total"] for row in await house.control.served())
