"""What each call was for is told from what OpenClaw sends, and metered under it; a message is a person's turn."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_house import House, Subscriber, said

from models import Source, Tier, UsageLog

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
CARRIER = {
    "role": "user",
    "parts": [{"text": "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\ndata\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>"}],
}
CALL = {
    "role": "model",
    "parts": [{"functionCall": {"name": "read", "args": {}}, "thoughtSignature": "skip_thought_signature_validator"}],
}
RESULT = {"role": "user", "parts": [{"functionResponse": {"name": "read", "response": {"output": "x = 1"}}}]}
SUMMARISER = {"parts": [{"text": "You are a context summarization assistant. Your task is to read a conversation"}]}


def asked(words: str, *more: dict[str, Any]) -> dict[str, Any]:
    """As OpenClaw asks: the envelope, what followed, and its own context at the end."""
    first = {"role": "user", "parts": [{"text": f"[Sun 2026-11-22 10:32 UTC] {words}"}]}
    return {"contents": [first, *more, CARRIER]}


REQUESTS = {
    Source.CHAT: asked("Design a system"),
    Source.TOOL_LOOP: asked("Design a system", CALL, RESULT),
    Source.HEARTBEAT: asked("Read HEARTBEAT.md if it exists (workspace context). Follow it strictly."),
    Source.COMPACTION: {
        **said("<conversation>\n[User]: Refactor this code, and design a system\n</conversation>\n\nSummarize."),
        "systemInstruction": SUMMARISER,
    },
}


async def test_each_source_is_metered_apart(house: House, ann: Subscriber) -> None:
    await house.control.script({"text": "done"})
    await house.control.script({"text": "done"}, {"after_tool": "read"})
    tokens = {}
    for source, body in REQUESTS.items():
        reply = await ann.generate(body)
        assert reply.status == 200, reply
        tokens[source] = reply.body["usageMetadata"]["totalTokenCount"]
    embedded = await ann.generate({"content": {"parts": [{"text": "remember"}]}}, "embedContent")
    assert embedded.status == 200

    sources = (await ann.usage()).sources_today
    assert {source: sources[source].tokens for source in tokens} == tokens
    assert {source: period.requests for source, period in sources.items()} == dict.fromkeys(Source, 1)
    assert {source for source, period in sources.items() if period.messages} == {Source.CHAT}
    rows = {row.source: row.tier for row in await UsageLog.filter(user_id=ann.user_id)}
    assert (rows[Source.CHAT], rows[Source.TOOL_LOOP]) == (Tier.PRO, Tier.PRO)
    assert (rows[Source.HEARTBEAT], rows[Source.COMPACTION]) == (Tier.LITE, Tier.LITE)


async def test_a_turn_repeated_after_a_refusal_is_one_message(house: House, ann: Subscriber) -> None:
    await house.control.fault("status", status=500)
    assert (await ann.generate(REQUESTS[Source.CHAT])).status == 500
    for _ in range(2):
        assert (await ann.generate(REQUESTS[Source.CHAT])).status == 200
    assert (await ann.usage()).today.messages == 1


async def test_a_transcript_too_long_for_the_window_is_summarised_and_not_refused(
    house: House, ann: Subscriber
) -> None:
    body = said("<conversation>\n" + "[User]: 12345 67890 and so on\n" * 20_000 + "</conversation>\n\nSummarize.")
    assert (await ann.generate({**body, "systemInstruction": SUMMARISER})).status == 200
    assert (await house.control.served())[-1]["usage"]["prompt"] <= 24_000
