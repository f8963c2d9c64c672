"""The Gemini door, as an agent's client sees it, against the ledger of what Gemini served."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
from gateway_house import PLATFORM_KEY, House, Subscriber, eventually, said
from pydantic import SecretStr

from manager_bot.services.outbox import NoticeKind
from models import Agent, Budget, DesiredState, Notification, Reservation, Source, Tier, UsageLog, User

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)

TIME = "What time is it?"


async def _tokens(ann: Subscriber) -> int:
    return (await ann.usage()).today.tokens


async def test_a_question_costs_exactly_what_gemini_counted(house: House, ann: Subscriber) -> None:
    reply = await ann.generate(said(TIME))

    assert reply.status == 200
    counted = reply.body["usageMetadata"]
    today = (await ann.usage()).today
    assert (today.tokens, today.prompt, today.output) == (
        counted["totalTokenCount"], counted["promptTokenCount"], counted["candidatesTokenCount"],
    )  # fmt: skip
    assert (today.messages, today.requests) == (1, 1)
    row = (await house.control.served())[-1]
    assert (row["model"], row["usage"]["total"]) == (house.settings.model_lite, today.tokens)
    assert await Reservation.all().count() == 0


@pytest.mark.parametrize("query", ["?alt=sse", ""])
async def test_a_stream_passes_through_and_is_metered(house: House, ann: Subscriber, query: str) -> None:
    await house.control.script({"text": "One, two, three, four. " * 20, "chunks": 12})
    url = f"{house.root}/gemini/v1beta/models/clawbot:streamGenerateContent{query}"
    async with house.session.post(url, headers={"x-goog-api-key": ann.key}, json=said(TIME)) as answer:
        raw = (await answer.read()).decode()
        kind = answer.content_type

    if query:
        chunks = [json.loads(line[6:]) for line in raw.splitlines() if line.startswith("data: ")]
        assert kind == "text/event-stream"
    else:
        chunks = json.loads(raw)
        assert kind == "application/json"
    text = "".join(part["text"] for one in chunks for part in one["candidates"][0]["content"]["parts"])
    assert text.startswith("One, two, three")
    assert len(chunks) == 12
    assert await _tokens(ann) == chunks[-1]["usageMetadata"]["totalTokenCount"]


@pytest.mark.parametrize(
    ("words", "tier"),
    [(TIME, Tier.LITE), ("Refactor this code", Tier.FLASH), ("Design a system", Tier.PRO)],
)
async def test_the_seeds_examples_reach_their_models(house: House, ann: Subscriber, words: str, tier: Tier) -> None:
    await ann.generate(said(words))
    assert (await house.control.served())[-1]["model"] == house.settings.model_of(tier)
    assert (await ann.usage()).tiers_today[tier].messages == 1


async def test_a_tool_loop_is_one_message(house: House, ann: Subscriber) -> None:
    asked = said("Refactor this code")["contents"]
    call = {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {}}, "thoughtSignature": "c2ln"}]}
    result = {"role": "user", "parts": [{"functionResponse": {"name": "read", "response": {"output": "x = 1"}}}]}
    await ann.generate({"contents": asked})
    await house.control.script({"text": "done"})
    await ann.generate({"contents": [*asked, call, result]})

    report = await ann.usage()
    assert report.today.messages == 1
    assert report.sources_today[Source.CHAT].requests == 1


async def test_long_tool_results_are_shortened_before_they_are_paid_for(house: House, ann: Subscriber) -> None:
    contents = said("Refactor this code")["contents"]
    call = {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {}}}]}
    output = "line of a long log\n" * 3000
    result = {"role": "user", "parts": [{"functionResponse": {"name": "read", "response": {"output": output}}}]}
    await ann.generate({"contents": [*contents, call, result]})

    sent = (await house.control.requests(1))[0]["body"]
    shown = sent["contents"][2]["parts"][0]["functionResponse"]["response"]["output"]
    assert len(shown) <= 5000
    assert sent["contents"][0] == contents[0]


@pytest.mark.parametrize(
    ("path", "verb"),
    [
        ("models/clawbot:deleteContent", "POST"), ("models/other:generateContent", "POST"), ("cachedContents", "GET"),
        ("models/clawbot:generateContent", "GET"), ("models/../files", "GET"),
        ("models/clawbot%3AgenerateContent", "POST"),
        ("models/nothing", "GET"), ("files", "GET"), ("", "GET"),
    ],
)  # fmt: skip
async def test_anything_else_is_not_found_in_geminis_shape(house: House, ann: Subscriber, path: str, verb: str) -> None:
    reply = await house.gemini(path, said("x") if verb == "POST" else None, key=ann.key, verb=verb)
    assert (reply.status, reply.body["error"]["code"], reply.body["error"]["status"]) == (404, 404, "NOT_FOUND")


async def test_the_models_shown_are_ours(house: House, ann: Subscriber) -> None:
    reply = await house.gemini("models", key=ann.key, verb="GET")
    assert reply.body["models"][0]["name"] == "models/clawbot"
    assert (await house.gemini("models/clawbot", key=ann.key, verb="GET")).body["name"] == "models/clawbot"


@pytest.mark.parametrize("key", [None, "x", "x" * 40, PLATFORM_KEY])
async def test_a_missing_or_wrong_key_is_refused(house: House, ann: Subscriber, key: str | None) -> None:
    reply = await house.gemini("models/clawbot:generateContent", said(TIME), key=key)
    assert (reply.status, reply.body["error"]["status"]) == (401, "UNAUTHENTICATED")


async def test_a_key_dies_with_its_agent(ann: Subscriber) -> None:
    assert (await ann.generate(said(TIME))).status == 200
    await Agent.filter(id=ann.agent_id).update(desired_state=DesiredState.REMOVED)
    await asyncio.sleep(1.1)
    assert (await ann.generate(said(TIME))).status == 401


async def test_a_suspended_user_gets_words_to_pass_on(ann: Subscriber) -> None:
    await User.filter(id=ann.user_id).update(is_active=False)
    reply = await ann.generate(said(TIME))
    assert (reply.status, reply.body["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert "suspended" in reply.body["error"]["message"]


@pytest.mark.parametrize(
    "extra",
    [
        {"cachedContent": "cachedContents/abc"},
        {"tools": [{"googleSearch": {}}]},
        {"tools": [{"codeExecution": {}}]},
        {"contents": [{"role": "user", "parts": [{"fileData": {"fileUri": "https://x/files/1"}}]}]},
    ],
)
async def test_the_platforms_key_lends_no_more_than_tokens(
    house: House, ann: Subscriber, extra: dict[str, object]
) -> None:
    reply = await ann.generate({**said(TIME), **extra})
    assert reply.status == 400
    assert await house.control.served() == []


async def test_counting_is_free_and_embedding_is_metered(house: House, ann: Subscriber) -> None:
    counted = await ann.generate(said("How many tokens?"), "countTokens")
    assert counted.body["totalTokens"] > 0
    assert await _tokens(ann) == 0

    content = {"parts": [{"text": "remember the milk"}]}
    one = await ann.generate({"model": "models/clawbot", "content": content}, "embedContent")
    many = await ann.generate(
        {"requests": [{"model": "models/gemini-embedding-001", "content": content}] * 3},
        "batchEmbedContents",
        "gemini-embedding-001",
    )
    assert one.body["embedding"]["values"]
    assert len(many.body["embeddings"]) == 3
    served = sum(row["usage"]["total"] for row in await house.control.served())
    booked = (await ann.usage()).sources_today[Source.EMBEDDING]
    assert booked.tokens >= served > 0
    assert booked.messages == 0


async def test_an_own_key_is_used_and_metered_but_not_budgeted(house: House, ann: Subscriber) -> None:
    await house.control.add_key("anns-own-key")
    await User.filter(id=ann.user_id).update(gemini_api_key=house.vault.seal(SecretStr("anns-own-key")))
    reply = await ann.generate(said(TIME))

    assert len(await house.control.served(key="anns-own-key")) == 1
    report = await ann.usage()
    assert report.today.own_key_tokens == report.today.tokens == reply.body["usageMetadata"]["totalTokenCount"]
    assert report.budget.used == 0


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


async def test_usage_equals_the_ledger_after_a_mixed_day(house: House, ann: Subscriber, bob: Subscriber) -> None:
    for words in (TIME, "Refactor this code", "Design a system", "Translate bread to French"):
        await ann.generate(said(words))
        await ann.generate(said(words + " again"), "streamGenerateContent")
    await bob.generate(said(TIME))

    served = await house.control.served()
    assert await _tokens(ann) + await _tokens(bob) == sum(row["usage"]["total"] for row in served)
    assert (await ann.usage()).today.messages == 8
    assert (await bob.usage()).today.messages == 1
    rows = await UsageLog.filter(user_id=ann.user_id)
    assert {row.tier for row in rows} == {Tier.LITE, Tier.FLASH, Tier.PRO}
