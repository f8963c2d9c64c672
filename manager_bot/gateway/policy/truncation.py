"""Tool output, shortened before a model pays for it (the seed: 50,000 characters become 5,000).

Every ``functionResponse`` over the limit becomes at most the limit. JSON stays JSON with its keys, CSV keeps
its header, a log its error lines, a page its words. The same input always gives the same bytes, so that
Gemini's implicit cache keeps its prefix; and what is short already is not touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

import orjson

from manager_bot.gateway.policy.body import Json, JsonObject, has, parts_of
from manager_bot.gateway.policy.excerpt import excerpt
from manager_bot.gateway.policy.html_noise import is_html, without_noise
from manager_bot.gateway.policy.json_shrink import compact, shrink
from manager_bot.gateway.policy.salience import SEVERE_SIGN

TOOL_OUTPUT_LIMIT: Final = 5_000
"""Characters of one tool result (DESIGN 6.2)."""
_DELIMITERS: Final = ",;\t|"
_CSV_SAMPLE: Final = 12
_GIANT: Final = 400_000
"""Characters of one result that are weighed line by line."""
_ERRORS_OF_A_GIANT: Final = 200


@dataclass(frozen=True, slots=True)
class Truncation:
    """A body after truncation; ``body`` is the very object given when nothing was over the limit."""

    body: JsonObject
    results: int
    characters_saved: int


def truncate_body(body: JsonObject, limit: int = TOOL_OUTPUT_LIMIT) -> Truncation:
    """Every tool result of a request within `limit` characters; the rest of the body is shared, not copied."""
    contents = body.get("contents")
    if not isinstance(contents, list):
        return Truncation(body, 0, 0)
    shortened: list[Json] = []
    results = saved = 0
    for content in contents:
        if isinstance(content, dict) and (cut := truncate_content(content, limit)) is not content:
            results += 1
            saved += response_size(content) - response_size(cut)
            shortened.append(cut)
        else:
            shortened.append(content)
    return Truncation({**body, "contents": shortened} if results else body, results, saved)


def truncate_content(content: JsonObject, limit: int = TOOL_OUTPUT_LIMIT) -> JsonObject:
    """A content with its tool results within `limit`; the same object when they were."""
    parts = content.get("parts")
    if not isinstance(parts, list) or not has(content, "functionResponse"):
        return content
    cut = [truncate_part(part, limit) if isinstance(part, dict) else part for part in parts]
    changed = any(new is not old for new, old in zip(cut, parts, strict=True))
    return {**content, "parts": cut} if changed else content


def truncate_part(part: JsonObject, limit: int = TOOL_OUTPUT_LIMIT) -> JsonObject:
    """A part with its tool result within `limit`; name, id and everything beside the response stay."""
    call = part.get("functionResponse")
    if not isinstance(call, dict) or size_of(call.get("response")) <= limit:
        return part
    return {**part, "functionResponse": {**call, "response": _shorten(call.get("response"), limit)}}


def response_size(content: JsonObject) -> int:
    """Characters of all tool results of a content."""
    responses = (part["functionResponse"] for part in parts_of(content) if "functionResponse" in part)
    return sum(size_of(one.get("response")) for one in responses if isinstance(one, dict))


def size_of(response: Json) -> int:
    """Characters of a tool result: of its one text (``{"output": …}``, OpenClaw's shape), else of its compact JSON."""
    only = _only_text(response)
    if only is not None:
        return len(only[1])
    try:
        return 0 if response is None else len(compact(response))
    except orjson.JSONEncodeError:
        return 0  # nested deeper than any encoder goes; Gemini will say so


def truncate_text(text: str, limit: int = TOOL_OUTPUT_LIMIT) -> str:
    """A text within `limit` characters, by what it is: JSON, CSV, a page, or lines."""
    return text if len(text) <= limit else _truncated(text, limit)


@lru_cache(maxsize=1024)
def _truncated(text: str, limit: int) -> str:
    """Cached because a conversation brings the same long result again with each of its requests."""
    as_json = _as_json(text, limit)
    if as_json is not None:
        return as_json
    text = _readable(text)
    if is_html(text):
        bare = without_noise(text)
        note = (
            f"\n[Shortened: scripts, styles and layout left out, {len(text) - len(bare):,} of {len(text):,} characters]"
        )
        return bare + note if len(bare) + len(note) <= limit else excerpt(bare, limit - len(note)) + note
    return excerpt(text, limit, "rows" if _is_csv(text) else "lines")


def _readable(text: str) -> str:
    """A giant's head and tail with the errors from between, so that weighing it takes a bounded time."""
    if len(text) <= _GIANT:
        return text
    head, middle, tail = text[: _GIANT // 2], text[_GIANT // 2 : -_GIANT // 2], text[-_GIANT // 2 :]
    lines = []
    for found in islice(SEVERE_SIGN.finditer(middle), _ERRORS_OF_A_GIANT):
        start = max(middle.rfind("\n", 0, found.start()) + 1, found.start() - 200)
        end = middle.find("\n", found.end(), found.end() + 300)
        lines.append(middle[start : end if end >= 0 else found.end() + 300])
    left_out = f"[… {len(middle):,} characters left out, but for these errors …]"
    return "\n".join([head, left_out, *dict.fromkeys(lines), tail])


def _only_text(response: Json) -> tuple[str | None, str] | None:
    if isinstance(response, str):
        return None, response
    if isinstance(response, dict) and len(response) == 1:
        key, value = next(iter(response.items()))
        return (key, value) if isinstance(value, str) else None
    return None


def _shorten(response: Json, limit: int) -> Json:
    only = _only_text(response)
    if only is None:
        return shrink(response, limit)
    key, text = only
    return truncate_text(text, limit) if key is None else {key: truncate_text(text, limit)}


def _as_json(text: str, limit: int) -> str | None:
    """A text that is JSON, or holds one document between a few words, shortened as JSON; ``None`` when it is not."""
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    end = max(text.rfind("}"), text.rfind("]")) + 1
    around = len(text) - (end - start)
    if start < 0 or end <= start or around > limit // 4:
        return None
    try:
        shown = compact(shrink(orjson.loads(text[start:end]), limit - around))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return text[:start] + shown + text[end:] if len(shown) + around <= limit else None


def _is_csv(text: str) -> bool:
    """Whether the first lines agree on a delimiter; the excerpt always keeps the first line, the header."""
    lines = text[:20_000].split("\n", _CSV_SAMPLE + 1)[:_CSV_SAMPLE]
    return any(
        lines[0].count(mark) > 0 and sum(line.count(mark) == lines[0].count(mark) for line in lines) >= len(lines) - 1
        for mark in _DELIMITERS
    )
