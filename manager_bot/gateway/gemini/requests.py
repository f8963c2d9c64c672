"""An agent's request to Gemini, read and judged before it costs anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson
from aiohttp import web

from manager_bot.gateway.gemini.errors import GeminiError
from manager_bot.gateway.limits import Room
from manager_bot.gateway.policy.body import JsonObject, canonical, contents_of, objects, parts_of
from manager_bot.tiers import Tier

MOST_BODY: Final = 20 * 1024 * 1024
"""Bytes: Google takes no more with inline data."""
OUTPUT_CAP: Final = 8192
"""Tokens of output held for a request that names no limit of its own."""
_ALLOWED: Final = frozenset(
    {
        "contents", "systemInstruction", "system_instruction", "tools", "toolConfig", "tool_config",
        "generationConfig", "generation_config", "safetySettings", "safety_settings", "model",
    }
)  # fmt: skip
ROOM: Final = web.RequestKey("room", Room)
"""Where a request finds how much of it may be kept."""
_TOOLS: Final = frozenset({"functionDeclarations", "function_declarations"})


async def read_body(request: web.Request) -> bytes:
    """The body; raises :class:`GeminiError` past Google's own limit, ``TooBusy`` past its agent's room."""
    if (request.content_length or 0) > MOST_BODY:
        raise _too_large()
    raw = bytearray()
    async for piece in request.content.iter_any():
        request[ROOM].take(len(piece))
        raw += piece
        if len(raw) > MOST_BODY:
            raise _too_large()
    return bytes(raw)


def _too_large() -> GeminiError:
    return GeminiError(400, f"Request payload size exceeds the limit: {MOST_BODY} bytes.")


def parse(raw: bytes) -> JsonObject:
    """The body as an object, in the one form the policies read."""
    try:
        document = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError:
        raise GeminiError(400, "Invalid JSON payload received. Unexpected token.") from None
    if not isinstance(document, dict):
        raise GeminiError(400, "Invalid JSON payload received. Root element must be a message.")
    return canonical(document)


def check_platform(body: JsonObject) -> None:
    """Refuse what the platform's key must not do for a subscriber.

    Caches and uploaded files belong to the key, so one subscriber could name another's; Google's own tools are billed
    beside the tokens a budget counts.
    """
    if not _ALLOWED.issuperset(body):
        extra = sorted(set(body) - _ALLOWED)
        raise GeminiError(400, f"This assistant's plan does not offer {extra[0][:40]!r} in a request.")
    for tool in objects(body.get("tools")):
        if not _TOOLS.issuperset(tool):
            extra = sorted(set(tool) - _TOOLS)
            raise GeminiError(400, f"This assistant's plan does not offer the tool {extra[0][:40]!r}.")
    for content in contents_of(body):
        for part in parts_of(content):
            if "fileData" in part or "file_data" in part:
                raise GeminiError(400, "This assistant's plan does not offer uploaded files; send data inline.")


@dataclass(frozen=True, slots=True)
class Output:
    """The most a request may answer, in tokens, and how many answers it wants."""

    most: int
    answers: int

    @property
    def held(self) -> int:
        """What is reserved for it."""
        return self.most * self.answers


def output_of(body: JsonObject) -> Output:
    """The cap a request names for itself, or ours (only held, not sent)."""
    config = body.get("generationConfig", body.get("generation_config"))
    config = config if isinstance(config, dict) else {}
    most = _number(config, "maxOutputTokens", "max_output_tokens")
    answers = _number(config, "candidateCount", "candidate_count")
    return Output(most or OUTPUT_CAP, answers or 1)


def _number(config: Mapping[str, object], *names: str) -> int:
    for name in names:
        value = config.get(name)
        if isinstance(value, int | float) and 0 < value < 1_000_000:
            return int(value)
    return 0


def with_output(body: JsonObject, most: int) -> JsonObject:
    """The request with its answer limited to *most* tokens: what a budget still has room for."""
    name = "generation_config" if "generation_config" in body else "generationConfig"
    config = body.get(name)
    config = (
        {key: value for key, value in config.items() if key != "max_output_tokens"} if isinstance(config, dict) else {}
    )
    return {**body, name: {**config, "maxOutputTokens": most}}


def thinking_as_allowed(body: JsonObject, tier: Tier) -> JsonObject:
    """The request without ``thinkingBudget: 0`` where it goes to pro; the very object given anywhere else.

    OpenClaw asks for no thinking whatever the model, and Gemini's pro model answers a budget of 0 with 400 ("This model
    only works in thinking mode"). That one field is left out, so that the model decides itself; nothing else changes.
    """
    if tier is not Tier.PRO:
        return body
    for name, inner, field in (
        ("generationConfig", "thinkingConfig", "thinkingBudget"),
        ("generation_config", "thinking_config", "thinking_budget"),
    ):
        config = body.get(name)
        thinking = config.get(inner) if isinstance(config, dict) else None
        if isinstance(config, dict) and isinstance(thinking, dict) and thinking.get(field) == 0:
            rest = {key: value for key, value in thinking.items() if key != field}
            return {**body, name: {**config, inner: rest}}
    return body
