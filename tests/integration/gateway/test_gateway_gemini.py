"""The Gemini door, as an agent's client sees it, against the ledger of what Gemini served."""

from __future__ import annotations

import asyncio
import json

import pytest
from gateway_house import PLATFORM_KEY, House, Subscriber, said
from pydantic import SecretStr

from models import Agent, DesiredState, Reservation, Source, Tier, UsageLog, User

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
