"""What the emulated Gemini answers, what it books, and how it misbehaves on request."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from gemini_api import FLASH, Api, said

from manager_bot.demo.gemini import DEMO_KEY, fingerprint


def text_of(answer: dict[str, Any]) -> str:
    return "".join(part.get("text", "") for part in answer["candidates"][0]["content"]["parts"])


async def stream(api: Api, body: dict[str, Any], model: str = FLASH) -> list[dict[str, Any]]:
    """The events of a stream; raises when it breaks."""
    url = f"{api.root}/gemini/v1beta/models/{model}:streamGenerateContent?alt=sse"
    async with api.session.post(url, json=body, headers={"x-goog-api-key": DEMO_KEY}) as answer:
        assert answer.content_type == "text/event-stream"
        raw = (await answer.read()).decode()
    assert raw.endswith("\r\n\r\n")
    return [json.loads(event.removeprefix("data: ")) for event in raw.split("\r\n\r\n") if event]


async def test_a_stream_says_the_same_as_the_whole_answer_and_counts_up(api: Api) -> None:
    whole = await api.ask("Tell me about whales and the deep sea, please, in many words")
    events = await stream(api, said("Tell me about whales and the deep sea, please, in many words"))
    assert len(events) >= 2
    assert "".join(text_of(event) for event in events) == text_of(whole)
    counts = [event["usageMetadata"]["candidatesTokenCount"] for event in events]
    assert counts == sorted(counts)
    assert events[-1]["usageMetadata"] == whole["usageMetadata"]
    assert [event["candidates"][0].get("finishReason") for event in events] == [None] * (len(events) - 1) + ["STOP"]


async def test_a_stream_without_sse_is_one_array(api: Api) -> None:
    status, body = await api.post("streamGenerateContent", said("hi"))
    assert status == 200
    assert body[-1]["candidates"][0]["finishReason"] == "STOP"


async def test_the_total_is_the_sum_and_the_ledger_agrees(api: Api) -> None:
    await api.control.script(
        {"text": "x", "usage": {"toolUsePromptTokenCount": 7, "cachedContentTokenCount": 3}, "thought_tokens": 11}
    )
    usage = (await api.ask("hi"))["usageMetadata"]
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"] + 11 + 7
    row = (await api.control.wait_served(1))[0]
    assert (row["outcome"], row["words"], row["key"]) == ("completed", "hi", fingerprint(DEMO_KEY))
    assert row["usage"] == row["sent"]
    assert row["usage"]["total"] == usage["totalTokenCount"]
    totals = (await api.control.totals())[fingerprint(DEMO_KEY)][FLASH]
    assert (totals["requests"], totals["completed"], totals["total"]) == (1, 1, usage["totalTokenCount"])
    assert (await api.control.requests())[0]["body"] == said("hi")


async def test_scripts_match_words_model_and_tool_and_run_out(api: Api) -> None:
    await api.control.script({"text": "pong"}, {"words": "^ping$"}, left=1)
    await api.control.script({"calls": [{"name": "read", "args": {"path": "a"}}]}, {"words": "use a tool"})
    await api.control.script({"text": "seen"}, {"words": "use a tool", "after_tool": "read"})
    assert text_of(await api.ask("Ping")) == "pong"
    assert text_of(await api.ask("Ping")) != "pong"
    call = (await api.ask("use a tool"))["candidates"][0]["content"]
    assert call["parts"][0]["functionCall"] == {"name": "read", "args": {"path": "a"}}
    result = {"role": "user", "parts": [{"functionResponse": {"name": "read", "response": {"output": "x"}}}]}
    contents = [*said("use a tool")["contents"], call, result]
    _, answer = await api.post("generateContent", {"contents": contents})
    assert text_of(answer) == "seen"


async def test_a_misspelt_script_is_refused(api: Api) -> None:
    with pytest.raises(ValueError, match="unknown answer field: txet"):
        await api.control.script({"txet": "x"})
    with pytest.raises(ValueError, match="no regular expression"):
        await api.control.script({"text": "x"}, {"words": "("})


async def test_output_is_cut_at_the_maximum(api: Api) -> None:
    await api.control.script({"text": "one two three four five six seven", "thought_tokens": 0})
    answer = await api.ask("hi", generationConfig={"maxOutputTokens": 3})
    assert text_of(answer) == "one two three"
    assert answer["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert answer["usageMetadata"]["candidatesTokenCount"] == 3


async def test_safety_blocks_before_and_after(api: Api) -> None:
    await api.control.script({"block": "PROHIBITED_CONTENT"}, {"words": "bad question"})
    await api.control.script({"text": "uh", "finish": "SAFETY"}, {"words": "bad answer"})
    blocked = await api.ask("bad question")
    assert blocked["promptFeedback"]["blockReason"] == "PROHIBITED_CONTENT"
    assert "candidates" not in blocked
    assert "candidatesTokenCount" not in blocked["usageMetadata"]
    candidate = (await api.ask("bad answer"))["candidates"][0]
    assert candidate["finishReason"] == "SAFETY"
    assert len(candidate["safetyRatings"]) == 4


async def test_thinking_is_booked_and_shown_only_when_asked_for(api: Api) -> None:
    await api.control.script({"text": "42", "thought": "let me see"})
    plain = await api.ask("hi")
    assert plain["usageMetadata"]["thoughtsTokenCount"] > 0
    assert "let me see" not in text_of(plain)
    shown = await api.ask("hi", generationConfig={"thinkingConfig": {"includeThoughts": True}})
    assert shown["candidates"][0]["content"]["parts"][0] == {"text": "let me see", "thought": True}
    off = await api.ask("hi", generationConfig={"thinkingConfig": {"thinkingBudget": 0}})
    assert "thoughtsTokenCount" not in off["usageMetadata"]


async def test_the_same_beginning_is_cached_for_the_same_key_and_model(api: Api) -> None:
    system = {"systemInstruction": {"parts": [{"text": "You are a careful assistant. " * 400}]}}
    first = (await api.ask("one", **system))["usageMetadata"]
    assert "cachedContentTokenCount" not in first
    second = (await api.ask("two", **system))["usageMetadata"]
    assert 1024 <= second["cachedContentTokenCount"] < second["promptTokenCount"]
    changed = {"systemInstruction": {"parts": [{"text": "Y" + system["systemInstruction"]["parts"][0]["text"]}]}}
    assert "cachedContentTokenCount" not in (await api.ask("two", **changed))["usageMetadata"]
    assert "cachedContentTokenCount" not in (await api.ask("two", model="gemini-2.5-flash", **system))["usageMetadata"]


async def test_a_picture_costs_a_tile(api: Api) -> None:
    parts = [{"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}, {"text": "hi"}]
    body = {"contents": [{"role": "user", "parts": parts}]}
    assert (await api.post("countTokens", body))[1]["totalTokens"] == 259


async def test_counting_matches_the_bill(api: Api) -> None:
    request = said("Привет, мир 123") | {"systemInstruction": {"parts": [{"text": "Be brief."}]}}
    counted = (await api.post("countTokens", {"generateContentRequest": {"model": f"models/{FLASH}", **request}}))[1]
    billed = await api.post("generateContent", request)
    assert counted["totalTokens"] == billed[1]["usageMetadata"]["promptTokenCount"]


async def test_embeddings_are_unit_vectors_close_for_close_texts(api: Api) -> None:
    texts = ["red apples and pears", "pears and red apples today", "quantum field theory"]
    items = [{"model": "models/gemini-embedding-001", "content": said(text)["contents"][0]} for text in texts]
    _, body = await api.post("batchEmbedContents", {"requests": items}, model="gemini-embedding-001")
    one, two, three = (item["values"] for item in body["embeddings"])
    assert len(one) == 3072
    assert sum(value * value for value in one) == pytest.approx(1)
    near, far = (sum(a * b for a, b in zip(one, other, strict=True)) for other in (two, three))
    assert near > far + 0.3
    _, single = await api.post(
        "embedContent", {"content": said("x")["contents"][0], "outputDimensionality": 8}, model="gemini-embedding-001"
    )
    assert len(single["embedding"]["values"]) == 8


async def test_models_are_listed_in_pages(api: Api) -> None:
    headers = {"x-goog-api-key": DEMO_KEY}
    async with api.session.get(f"{api.root}/gemini/v1beta/models?pageSize=2", headers=headers) as answer:
        page = await answer.json()
    assert [model["name"] for model in page["models"]] == ["models/gemini-3.1-flash-lite", f"models/{FLASH}"]
    assert page["nextPageToken"] == "2"
    async with api.session.get(f"{api.root}/gemini/v1beta/models/{FLASH}", headers=headers) as answer:
        assert (await answer.json())["inputTokenLimit"] == 1_048_576
    async with api.session.get(f"{api.root}/gemini/v1beta/models/nope", headers=headers) as answer:
        assert answer.status == 404
    async with api.session.get(f"{api.root}/gemini/v1beta/models") as answer:
        assert answer.status == 403


@pytest.mark.parametrize(("status", "name"), [(429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL"), (503, "UNAVAILABLE")])
async def test_faults_by_status_have_googles_shape_and_run_out(api: Api, status: int, name: str) -> None:
    await api.control.fault("status", status=status, left=1, seconds=17)
    got, body = await api.post("generateContent", said("hi"))
    assert (got, body["error"]["status"]) == (status, name)
    if status == 429:
        assert body["error"]["details"][-1]["retryDelay"] == "17s"
    assert (await api.post("generateContent", said("hi")))[0] == 200


async def test_html_and_a_dropped_connection(api: Api) -> None:
    await api.control.fault("html", status=502)
    url = f"{api.root}/gemini/v1beta/models/{FLASH}:generateContent"
    headers = {"x-goog-api-key": DEMO_KEY}
    async with api.session.post(url, json=said("hi"), headers=headers) as answer:
        assert (answer.status, answer.content_type) == (502, "text/html")
    await api.control.fault("drop")
    with pytest.raises(aiohttp.ClientError):
        await api.session.post(url, json=said("hi"), headers=headers)
    assert (await api.control.wait_served(2))[1]["outcome"] == "broken"


async def test_a_stream_that_breaks_is_booked_with_what_was_sent(api: Api) -> None:
    await api.control.script({"text": "one two three four five six", "chunks": 3, "chunk_delay": 0.02})
    await api.control.fault("broken_stream", after_chunks=2)
    with pytest.raises(aiohttp.ClientError):
        await stream(api, said("hi"))
    row = (await api.control.wait_served(1))[0]
    assert (row["outcome"], row["chunks_sent"], row["chunks"]) == ("broken", 2, 3)
    assert row["sent"]["candidates"] == 4
    assert row["usage"]["candidates"] == 6


async def test_a_caller_who_leaves_a_stream_is_booked_as_cut(api: Api) -> None:
    await api.control.script({"text": "one two three four", "chunks": 4, "chunk_delay": 0.3})
    url = f"{api.root}/gemini/v1beta/models/{FLASH}:streamGenerateContent?alt=sse"
    async with api.session.post(url, json=said("hi"), headers={"x-goog-api-key": DEMO_KEY}) as answer:
        await answer.content.readuntil(b"\r\n\r\n")
        answer.close()
    row = (await api.control.wait_served(1, within=2))[0]
    assert (row["outcome"], row["chunks_sent"], row["status"]) == ("cut", 1, 499)
    assert row["sent"]["candidates"] == 1
    totals = (await api.control.totals())[fingerprint(DEMO_KEY)][FLASH]
    assert (totals["cut"], totals["total"]) == (1, row["sent"]["total"])


async def test_a_caller_who_leaves_before_the_first_byte_is_booked_as_cut(api: Api) -> None:
    await api.control.fault("slow_first_byte", seconds=30)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await api.post("generateContent", said("hi"))
    row = (await api.control.wait_served(1, within=2))[0]
    assert (row["outcome"], row["sent"]["total"]) == ("cut", 0)


async def test_openclaws_own_request_is_answered(api: Api) -> None:
    sample = json.loads((Path(__file__).parent / "openclaw_request.json").read_text("utf-8"))
    status, body = await api.post("generateContent", sample)
    assert status == 200
    assert "UTC" in text_of(body)
    assert (await api.control.served())[0]["words"] == "What time is it?"
