"""However a call ends, it is booked exactly, or not below what Gemini served, and its hold is gone."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from gateway_house import House, Subscriber, eventually, said

from manager_bot.gateway.gemini import upstream
from models import Budget, Reservation

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
TIME = "What time is it?"


async def _tokens(ann: Subscriber) -> int:
    return (await ann.usage()).today.tokens


async def test_a_client_that_leaves_mid_stream_ends_the_call_and_pays(house: House, ann: Subscriber) -> None:
    await house.control.script({"text": "word " * 400, "chunks": 20, "chunk_delay": 0.2})
    url = f"{house.root}/gemini/v1beta/models/clawbot:streamGenerateContent?alt=sse"
    async with house.session.post(url, headers={"x-goog-api-key": ann.key}, json=said(TIME)) as answer:
        await answer.content.readany()

    async def settled() -> bool:
        return await Reservation.all().count() == 0 and await _tokens(ann) > 0

    assert await eventually(settled)
    row = (await house.control.wait_served(1))[-1]
    assert row["outcome"] == "cut"
    assert await _tokens(ann) >= row["sent"]["total"]
    assert (await Budget.get(user_id=ann.user_id)).held == 0


async def test_a_client_that_leaves_before_the_first_byte_leaves_no_hold(house: House, ann: Subscriber) -> None:
    await house.control.script({"text": "late", "delay": 20})
    call = asyncio.create_task(ann.generate(said(TIME)))
    await asyncio.sleep(0.5)
    assert await Reservation.all().count() == 1
    call.cancel()

    async def settled() -> bool:
        return await Reservation.all().count() == 0

    assert await eventually(settled)
    assert (await house.control.wait_served(1))[-1]["outcome"] == "cut"


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_geminis_refusals_pass_and_cost_nothing(house: House, ann: Subscriber, status: int) -> None:
    await house.control.fault("status", status=status, left=None)
    assert (await ann.generate(said(TIME))).status == status
    assert await _tokens(ann) == 0
    assert (await Budget.get(user_id=ann.user_id)).held == 0


@pytest.mark.parametrize("status", [400, 403])
async def test_trouble_with_the_platforms_key_is_not_the_agents(house: House, ann: Subscriber, status: int) -> None:
    await house.control.fault("status", status=status)
    reply = await ann.generate(said(TIME))
    assert reply.status == 503
    assert "key" not in str(reply.body).lower()


@pytest.mark.parametrize("kind", ["html", "drop", "broken_stream"])
async def test_a_broken_gemini_is_survived_and_never_underbooked(house: House, ann: Subscriber, kind: str) -> None:
    await house.control.fault(kind, left=None)
    reply = await ann.generate(said(TIME))
    assert reply.status in {503, 504}
    await house.control.clear()
    served = sum(row["sent"]["total"] for row in await house.control.served())
    assert await _tokens(ann) >= served
    assert (await Budget.get(user_id=ann.user_id)).held == 0
    assert (await ann.generate(said(TIME))).status == 200


async def test_a_stream_that_breaks_is_seen_to_break_by_the_agent(house: House, ann: Subscriber) -> None:
    await house.control.fault("broken_stream", after_chunks=2)
    await house.control.script({"text": "word " * 100, "chunks": 8})
    url = f"{house.root}/gemini/v1beta/models/clawbot:streamGenerateContent?alt=sse"
    async with house.session.post(url, headers={"x-goog-api-key": ann.key}, json=said(TIME)) as answer:
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
    served = (await house.control.wait_served(1))[-1]
    assert await _tokens(ann) >= served["sent"]["total"]


async def _is_settled() -> bool:
    return await Reservation.all().count() == 0


async def test_a_stream_that_counts_only_at_its_end_is_not_free_when_left(house: House, ann: Subscriber) -> None:
    """Far more is written than a request without a limit of its own is held for."""
    await house.control.script(
        {"text": "word " * 20_000, "chunks": 20, "chunk_delay": 0.05, "usage_in": "last"} | {"thought_tokens": 0}
    )
    url = f"{house.root}/gemini/v1beta/models/clawbot:streamGenerateContent?alt=sse"
    read = b""
    async with house.session.post(url, headers={"x-goog-api-key": ann.key}, json=said(TIME)) as answer:
        while read.count(b"data: ") < 15:
            read += await answer.content.readany()

    assert await eventually(_is_settled)
    row = (await house.control.wait_served(1))[-1]
    assert row["outcome"] == "cut"
    assert await _tokens(ann) >= row["usage"]["total"] * 14 // 20


@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent?alt=sse"])
@pytest.mark.parametrize(
    "answer",
    [
        {"block": "SAFETY"},
        {"text": "no", "finish": "SAFETY"},
        {"text": "", "finish": "STOP"},
        {"text": "word " * 50, "finish": "MAX_TOKENS", "thought_tokens": 900},
        {"calls": [{"name": "read", "args": {"path": "a"}}, {"name": "read", "args": {"path": "b"}}]},
        {"text": "word " * 50, "usage_in": "last"},
    ],
)
async def test_whatever_gemini_ends_with_is_booked_exactly(
    house: House, ann: Subscriber, verb: str, answer: dict[str, object]
) -> None:
    await house.control.script(answer)
    assert (await ann.generate(said(TIME), verb)).status == 200
    assert await eventually(_is_settled)
    row = (await house.control.served())[-1]
    today = (await ann.usage()).today
    assert (today.tokens, today.thoughts) == (row["usage"]["total"], row["usage"]["thoughts"])
    assert (await Budget.get(user_id=ann.user_id)).used == today.tokens


@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent?alt=sse"])
async def test_a_gemini_that_says_nothing_in_time_is_booked_at_the_hold(
    house: House, ann: Subscriber, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "_TIMES", aiohttp.ClientTimeout(total=None, sock_read=1))
    await house.control.script({"text": "late", "delay": 5})
    reply = await ann.generate(said(TIME, generationConfig={"maxOutputTokens": 700}), verb)
    assert (reply.status, reply.body["error"]["status"]) == (504, "DEADLINE_EXCEEDED")
    assert await eventually(_is_settled)
    booked = await _tokens(ann)
    assert booked >= 700
    assert (await Budget.get(user_id=ann.user_id)).used == booked


async def test_a_stream_that_stalls_breaks_off_and_is_booked_at_the_hold(
    house: House, ann: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "_TIMES", aiohttp.ClientTimeout(total=None, sock_read=0.5))
    await house.control.script({"text": "word " * 300, "chunks": 6, "chunk_delay": 1})
    with pytest.raises(aiohttp.ClientError):
        await ann.generate(said(TIME), "streamGenerateContent?alt=sse")
    assert await eventually(_is_settled)
    row = (await house.control.wait_served(1))[-1]
    assert await _tokens(ann) >= max(row["sent"]["total"], 8192)


async def test_every_ending_among_many_calls_adds_up(house: House, ann: Subscriber) -> None:
    """Sixty calls, some of them left, refused or broken by the other side: no hold stays, no served token is free."""
    await house.control.script({"text": "word " * 60, "chunks": 6, "chunk_delay": 0.5})
    await house.control.fault("broken_stream", after_chunks=3, left=8)
    await house.control.fault("status", status=500, left=8)

    async def call(number: int) -> None:
        verb = "streamGenerateContent?alt=sse" if number % 2 else "generateContent"
        try:
            async with asyncio.timeout(1.5 if number % 5 == 0 else 30):
                await ann.generate(said(f"{TIME} {number}"), verb)
        except (TimeoutError, aiohttp.ClientError):
            return

    await asyncio.gather(*(call(number) for number in range(60)))
    assert await eventually(_is_settled)
    served = await house.control.wait_served(1)
    budget = await Budget.get(user_id=ann.user_id)
    completed = sum(row["usage"]["total"] for row in served if row["outcome"] == "completed")
    sent = sum(row["sent"]["total"] for row in served if row["outcome"] != "completed")
    assert {row["outcome"] for row in served} >= {"completed", "cut", "broken", "refused"}
    assert (budget.held, budget.used) == (0, await _tokens(ann))
    assert budget.used >= completed + sent
