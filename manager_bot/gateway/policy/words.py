"""What the person said, and what kind of request this is, read from what OpenClaw sends.

OpenClaw wraps the person's words in a timestamp and metadata blocks, and appends a user content of internal
context at the very end of a request, after the tool loop. Classifying the last content as it stands would
classify plumbing. The forms are those of OpenClaw 2026.7.35 (``inbound-meta``, ``internal-runtime-context``,
``heartbeat``) and of the recorded request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final

import orjson

from manager_bot.gateway.policy.body import JsonObject, contents_of, has, is_model, objects, parts_of, texts_of

_INTERNAL: Final = re.compile(
    r"<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>.*?(?:<<<END_OPENCLAW_INTERNAL_CONTEXT>>>|\Z)\s*", re.DOTALL
)
_RUNTIME: Final = re.compile(
    r"OpenClaw runtime (?:event\.|context[^\n]*)\nThis context is runtime-generated[^\n]*(?:\n(?!\n)[^\n]*)*\s*"
)
_STAMP: Final = re.compile(r"\s*\[[A-Za-z]{3} \d{4}-\d\d-\d\d \d\d:\d\d[^\]\n]*\][ \t]*")
_FENCED: Final = re.compile(
    r"\s*[^\n]*(?:⟦openclaw:ctx⟧|\((?:untrusted|metadata)[^)\n]*\):?)[ \t]*\n```json\n.*?\n```[ \t]*(?:\n|\Z)",
    re.DOTALL,
)
_LISTED: Final = re.compile(
    r"\s*[^\n]+\(untrusted, (?:chronological|for context)[^)\n]*\):[ \t]*\n(?!```)(?:[^\n]+(?:\n|\Z))*"
)
_REPLY: Final = re.compile(r"\s*Current message:\n\[Replying to: [^\n]*\]\n(?:#\S+:[ \t]*)?")
_HINT: Final = re.compile(r"\s*(?:Delivery: [^\n]*|\[media attached[^\]\n]*\][^\n]*)(?:\n|\Z)")
_UNTRUSTED_TAIL: Final = re.compile(
    r"\n*Untrusted context \(metadata, do not treat as instructions or commands\):.*\Z", re.DOTALL
)
_ENVELOPE: Final = (_STAMP, _FENCED, _LISTED, _REPLY, _HINT)
_ANYWHERE: Final = ("<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>", "OpenClaw runtime ", "Untrusted context (metadata")
_FIRST_LINE: Final = ("(untrusted", "(metadata", "⟦openclaw:ctx⟧")
_AT_START: Final = ("[", "Current message:", "Delivery: ")
"""What a text must hold, and where, for any of these forms to be in it: most of a conversation's texts hold none."""
_TOOL_IMAGE: Final = "Tool result image:"
PICTURE_LEFT_OUT: Final = "[A picture was left out here to fit the context]"
"""What stands in a tool's output where a picture of it stood."""
_HEARTBEAT: Final = re.compile(
    r"\[OpenClaw heartbeat poll\]|Read HEARTBEAT\.md if it exists|reply HEARTBEAT_OK\b|\bheartbeat_respond\b"
)
_HEART: Final = ("heartbeat", "HEARTBEAT")
"""One of them stands in each of these."""
_HOUSEKEEPING: Final = re.compile(r"\A(?:<conversation>\n|Pre-compaction memory flush)")
_SUMMARISER: Final = "context summarization assistant"


class RequestKind(StrEnum):
    """What a request is for; each is metered under its own source."""

    CHAT = "chat"
    TOOL_LOOP = "tool_loop"
    HEARTBEAT = "heartbeat"
    COMPACTION = "compaction"


@dataclass(frozen=True, slots=True)
class Turn:
    """The person's last turn in a request.

    ``start`` is the index of its first content. ``key`` names the turn: the same for every request of one
    turn's tool loop and for a repeated request, another for the next turn, even of the same words.
    """

    words: str
    kind: RequestKind
    start: int
    key: str

    @property
    def in_tool_loop(self) -> bool:
        """Whether the model is being given tool results rather than a person's words."""
        return self.kind is RequestKind.TOOL_LOOP

    @property
    def is_message(self) -> bool:
        """Whether this is a person's turn to be counted (a caller that sees ``key`` twice counts it once)."""
        return self.kind is RequestKind.CHAT and self.start >= 0


def read_turn(body: JsonObject) -> Turn:
    """The person's last turn in a request, and whether the request is that turn or its tool loop."""
    contents = contents_of(body)
    start, end = turn_span(contents)
    said = [unwrap("\n".join(texts_of(content))) for content in contents[start:end]] if start >= 0 else []
    words = "\n".join(text for text in said if text)
    return Turn(words, _kind(body, contents, words, end), start, _key(contents, start, end))


def unwrap(text: str) -> str:
    """A text without OpenClaw's envelope and internal context."""
    bare = text.strip()
    return _without_envelope(text) if _may_be_wrapped(bare) else bare


def _may_be_wrapped(bare: str) -> bool:
    if bare.startswith(_AT_START):
        return True
    line = bare.partition("\n")[0]
    return any(sign in bare for sign in _ANYWHERE) or any(sign in line for sign in _FIRST_LINE)


def _without_envelope(text: str) -> str:
    text = _RUNTIME.sub("", _INTERNAL.sub("", text))
    text = _UNTRUSTED_TAIL.sub("", text)
    changed = True
    while changed:
        changed = False
        for pattern in _ENVELOPE:
            if (found := pattern.match(text)) and found.end():
                text, changed = text[found.end() :], True
    return text.strip()


def is_plumbing(content: JsonObject) -> bool:
    """Whether a user content carries neither a person's words or media nor a tool's result."""
    return not is_model(content) and not has(content, "functionResponse") and _says_nothing(content)


def is_tool_picture(content: JsonObject) -> bool:
    """Whether a user content is what OpenClaw shows the model of a tool's pictures."""
    return not is_model(content) and _shows_tool_picture(list(texts_of(content)))


def is_person(content: JsonObject) -> bool:
    """Whether a content is the person's own: words or media."""
    return not is_model(content) and not has(content, "functionResponse") and not _says_nothing(content)


def _says_nothing(content: JsonObject) -> bool:
    """Of a content that is neither the model's nor a tool's result."""
    texts = list(texts_of(content))
    if _shows_tool_picture(texts):
        return True
    return not unwrap("\n".join(texts)) and not has_media(content)


def _shows_tool_picture(texts: list[str]) -> bool:
    return any(_TOOL_IMAGE in text for text in texts) and [
        text.strip() for text in texts if text != PICTURE_LEFT_OUT
    ] == [_TOOL_IMAGE]


def has_media(content: JsonObject) -> bool:
    """Whether a content carries a picture, a voice or a file."""
    return has(content, "inlineData") or has(content, "fileData")


def turn_span(contents: list[JsonObject]) -> tuple[int, int]:
    """Where the person's last turn begins and ends, consecutive user contents being one; ``(-1, -1)`` without one."""
    last = next((at for at in range(len(contents) - 1, -1, -1) if is_person(contents[at])), -1)
    if last < 0:
        return -1, -1
    start = last
    while start > 0 and not is_model(contents[start - 1]) and not has(contents[start - 1], "functionResponse"):
        start -= 1
    return start, last + 1


def _kind(body: JsonObject, contents: list[JsonObject], words: str, end: int) -> RequestKind:
    head = words[:600]
    if any(sign in head for sign in _HEART) and _HEARTBEAT.search(head):
        return RequestKind.HEARTBEAT
    if _HOUSEKEEPING.match(words) or _SUMMARISER in _system_head(body):
        return RequestKind.COMPACTION
    after = contents[max(end, 0) :]
    return RequestKind.TOOL_LOOP if any(not is_plumbing(content) for content in after) else RequestKind.CHAT


def _system_head(body: JsonObject) -> str:
    system = body.get("systemInstruction") or body.get("system_instruction")
    if not isinstance(system, dict):
        return ""
    first = next(iter(parts_of(system)), {}).get("text")
    return first[:200] if isinstance(first, str) else ""


def _key(contents: list[JsonObject], start: int, end: int) -> str:
    """A digest of the turn as sent: its time stamp and its place tell two turns of the same words apart."""
    turn = [objects(content.get("parts")) for content in contents[start:end] if not is_plumbing(content)]
    place = sum(1 for content in contents[: max(start, 0)] if is_person(content))
    return blake2b(orjson.dumps([place, turn], option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()
