"""How many tokens a request will cost, estimated before Gemini counts them.

Characters divided by four misjudge Chinese, digits, JSON and logs by more than half (FACTS), so the estimate knows
scripts: an ideograph is about a token, a digit is a token, a mark is a token, a Latin word one for every five
letters or so. It errs upwards on purpose, for it guards a budget and a window; nothing is ever billed by it.
Where an exact count of the same conversation is known, only what is new is estimated (:func:`estimate_anchored`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import orjson

from manager_bot.gateway.policy.body import Json, JsonObject, contents_of, objects, parts_of
from manager_bot.gateway.policy.memo import Memo

TILE_TOKENS: Final = 258
"""What Gemini books for an image tile of up to 768 pixels, or a page of a document."""
_AUDIO_BYTES_PER_TOKEN: Final = 125
"""32 tokens a second of audio at 32 kbit/s, the lowest rate a voice message is likely to have."""
_BYTES_PER_TILE: Final = 30_000
"""A tile's worth of a compressed picture; more bytes may be more tiles (never more than 16)."""
_PART, _CONTENT, _TOOL = 2, 4, 12
_PLAIN: Final = re.compile(r"[A-Za-z]+")
_WORDS: Final = re.compile(r"[^\W\d_]+")
_RUNS: Final = re.compile(r"[A-Za-z\u00c0-\u024f]+|[^A-Za-z\u00c0-\u024f]+")
"""A word of mixed scripts (look-alike letters) is as many words as it changes its script."""
_LOOSE_SPACE: Final = re.compile(r" +(?![^\W_])")
_ENOUGH_TO_CACHE: Final = 400
_UNREADABLE: Final = 8_000
"""For what no encoder can write (nested too deep): high, for it will be refused upstream anyway."""
_MARGIN: Final = 1.03


@dataclass(frozen=True, slots=True)
class Anchor:
    """An exact count: the first ``contents`` contents, with the system prompt and tools, were ``tokens``."""

    contents: int
    tokens: int


def estimate_text(text: str) -> int:
    """Tokens of a text, rather too many than too few."""
    return _remembered(text) if len(text) > _ENOUGH_TO_CACHE else _count(text)


def _count(text: str) -> int:
    """Words by their script, every other sign one, and the spaces a tokenizer cannot glue to a word."""
    found = (_PLAIN if text.isascii() else _WORDS).findall(text)
    letters = sum(map(len, found))
    words = sum(map(_word_tokens, found))
    wide = sum(1 for sign in text if sign > "\uffff") if text and max(text) > "\uffff" else 0
    spaces = text.count(" ") - len(_LOOSE_SPACE.findall(text))
    return int((words + len(text) - letters - spaces + 2 * wide) * _MARGIN) + bool(text)


_remembered: Final = Memo(_count, most=2048)


def _word_tokens(word: str) -> int:
    if word.isascii():
        return 1 + (len(word) - 1) // 5
    first = max(word)
    if first >= "\u2e80":
        return len(word) + sum(1 for sign in word if sign > "\uffff")
    if len(runs := _RUNS.findall(word)) > 1:
        return sum(map(_word_tokens, runs))
    return 1 + (len(word) - 1) // (3 if first < "\u0530" else 2)


def estimate_json(value: Json) -> int:
    """Tokens of a JSON value as the model is shown it."""
    try:
        return estimate_text(orjson.dumps(value).decode())
    except orjson.JSONEncodeError:
        return _UNREADABLE


def estimate_part(part: JsonObject) -> int:
    """Tokens of one part, whatever it carries; thought signatures are counted, for Gemini reads them back."""
    tokens = _PART
    text = part.get("text")
    if isinstance(text, str):
        tokens += estimate_text(text)
        if len(part) == 1:
            return tokens
    for kind in ("functionCall", "functionResponse", "executableCode", "codeExecutionResult"):
        if kind in part:
            tokens += _estimate_call(part[kind])
    for kind in ("inlineData", "fileData"):
        if kind in part:
            tokens += _estimate_media(part[kind])
    signature = part.get("thoughtSignature")
    return tokens + (len(signature) // 4 if isinstance(signature, str) else 0)


def _estimate_call(call: Json) -> int:
    """A call or a result; media inside a result are media, not base64 text."""
    if not isinstance(call, dict):
        return estimate_json(call)
    media = sum(estimate_part(part) for part in objects(call.get("parts")))
    return media + estimate_json({key: value for key, value in call.items() if key != "parts"})


def _estimate_media(blob: Json) -> int:
    if not isinstance(blob, dict):
        return TILE_TOKENS
    kind, data = str(blob.get("mimeType", "")), blob.get("data")
    size = len(data) * 3 // 4 if isinstance(data, str) else 0
    if kind.startswith(("audio/", "video/")):
        return max(TILE_TOKENS, size // _AUDIO_BYTES_PER_TOKEN)
    if kind.startswith("text/"):
        return max(TILE_TOKENS, size)
    tiles = min(16, 1 + size // _BYTES_PER_TILE) if kind.startswith("image/") else 1 + size // _BYTES_PER_TILE
    return TILE_TOKENS * tiles


def estimate_content(content: JsonObject) -> int:
    """Tokens of one content."""
    return _CONTENT + sum(estimate_part(part) for part in parts_of(content))


def estimate_contents(contents: list[JsonObject]) -> int:
    """Tokens of several contents."""
    return sum(map(estimate_content, contents))


def estimate_fixed(body: JsonObject) -> int:
    """Tokens of what every request of a conversation repeats: the system prompt and the tool declarations."""
    tokens = 0
    for key in ("systemInstruction", "system_instruction"):
        system = body.get(key)
        if isinstance(system, dict):
            tokens += estimate_content(system)
    tools = body.get("tools")
    if tools:
        tokens += estimate_json(tools) + _TOOL * sum(
            len(objects(tool.get("functionDeclarations"))) for tool in objects(tools)
        )
    config = body.get("generationConfig")
    schema = config.get("responseSchema", config.get("responseJsonSchema")) if isinstance(config, dict) else None
    return tokens + (estimate_json(schema) if schema else 0)


def estimate_request(body: JsonObject) -> int:
    """Prompt tokens of a whole request."""
    return estimate_fixed(body) + estimate_contents(contents_of(body))


def estimate_anchored(body: JsonObject, anchor: Anchor | None) -> int:
    """Prompt tokens of a request whose beginning was counted exactly before: only what came after is estimated."""
    contents = contents_of(body)
    if anchor is None or anchor.contents > len(contents) or anchor.contents <= 0:
        return estimate_request(body)
    return anchor.tokens + estimate_contents(contents[anchor.contents :])
