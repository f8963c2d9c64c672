"""What the person said, found inside what OpenClaw sends.

OpenClaw wraps the person's words in an envelope and adds a user content of internal context at the end of a
request, after tool results too; consecutive user contents are one turn. Written apart from the product's own
finder on purpose: the emulator is what that one is proven against.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from manager_bot.demo.gemini.errors import Json, JsonObject

_INTERNAL: Final = re.compile(
    r"<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>.*?<<<END_OPENCLAW_INTERNAL_CONTEXT>>>\s*", re.DOTALL
)
_RUNTIME: Final = re.compile(
    r"\s*OpenClaw runtime (?:context|event)[^\n]*\n(?:This context is runtime-generated[^\n]*\n?)?\s*"
)
_STAMP: Final = re.compile(r"\s*\[[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d[^\]\n]*\][ \t]*")
_BLOCK: Final = re.compile(
    r"\s*[^\n]*(?:⟦openclaw:ctx⟧|\(untrusted[^)\n]*\):?)\s*\n```json\n.*?\n```[ \t]*\n*", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back."""

    name: str
    text: str


def parts_of(content: JsonObject) -> list[JsonObject]:
    """The parts of a content that are objects."""
    parts = content.get("parts")
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def contents_of(body: JsonObject) -> list[JsonObject]:
    """The contents of a request that are objects."""
    contents = body.get("contents")
    return [one for one in contents if isinstance(one, dict)] if isinstance(contents, list) else []


def text_of(content: JsonObject) -> str:
    """All plain text of a content, thoughts left out."""
    texts = [part.get("text") for part in parts_of(content) if part.get("thought") is not True]
    return "\n".join(text for text in texts if isinstance(text, str))


def unwrap(text: str) -> str:
    """A text without OpenClaw's envelope and internal context."""
    text = _INTERNAL.sub("", text)
    runtime = _RUNTIME.match(text)
    text = text[runtime.end() :] if runtime else text
    stamp = _STAMP.match(text)
    text = text[stamp.end() :] if stamp else text
    while block := _BLOCK.match(text):
        text = text[block.end() :]
    return text.strip()


def is_result(content: JsonObject) -> bool:
    """Whether the content carries tool results."""
    return any("functionResponse" in part for part in parts_of(content))


def is_user(content: JsonObject) -> bool:
    """Whether the content is a user's and not a tool's, as Gemini sees it: plumbing counts."""
    return content.get("role", "user") == "user" and not is_result(content)


def is_plumbing(content: JsonObject) -> bool:
    """Whether a user content holds internal context and nothing of the person's."""
    media = any("inlineData" in part or "fileData" in part for part in parts_of(content))
    return is_user(content) and not media and not unwrap(text_of(content))


def person_turns(body: JsonObject) -> list[str]:
    """What the person said, turn by turn, oldest first."""
    turns: list[list[str]] = []
    fresh = True
    for content in contents_of(body):
        if is_plumbing(content):
            continue
        if not is_user(content):
            fresh = True
            continue
        if fresh:
            turns.append([])
            fresh = False
        turns[-1].append(unwrap(text_of(content)))
    joined = ["\n".join(piece for piece in turn if piece) for turn in turns]
    return [turn for turn in joined if turn]


def last_words(body: JsonObject) -> str:
    """The words to be answered."""
    turns = person_turns(body)
    return turns[-1] if turns else ""


def pending_results(body: JsonObject) -> list[ToolResult]:
    """Tool results the model has not yet answered: those of the last content that is not plumbing."""
    contents = [content for content in contents_of(body) if not is_plumbing(content)]
    if not contents:
        return []
    found: list[ToolResult] = []
    for part in parts_of(contents[-1]):
        response = part.get("functionResponse")
        if isinstance(response, dict):
            found.append(ToolResult(str(response.get("name", "")), _flat(response.get("response"))))
    return found


def _flat(value: Json) -> str:
    if isinstance(value, dict):
        return "\n".join(_flat(inner) for inner in value.values())
    if isinstance(value, list):
        return "\n".join(_flat(inner) for inner in value)
    return str(value)
