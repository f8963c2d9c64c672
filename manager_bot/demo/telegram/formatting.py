"""Texts with entities: Telegram's HTML, its offsets (UTF-16) and its limits.

Follows `do_parse_html` of TDLib's MessageEntity.cpp: the same tags, the same complaints, and the
same byte offsets into the UTF-8 text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aiogram.types import MessageEntity

from manager_bot.demo.telegram.errors import bad_request, not_emulated
from manager_bot.demo.telegram.html import HtmlError, parse_html

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024

_FOUND = (
    ("bot_command", re.compile(r"(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/@])")),
    ("url", re.compile(r"\bhttps?://[^\s<>\"]+[^\s<>\".,;:!?)\]]", re.IGNORECASE)),
    ("mention", re.compile(r"(?<![\w@])@[A-Za-z0-9_]{3,32}\b")),
    ("email", re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]*\w")),
)


@dataclass(frozen=True, slots=True)
class Entity:
    """A formatted part of a text; offset and length in UTF-16 code units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    custom_emoji_id: str | None = None

    def as_json(self) -> dict[str, object]:
        entity: dict[str, object] = {"type": self.type, "offset": self.offset, "length": self.length}
        optional = {"url": self.url, "language": self.language, "custom_emoji_id": self.custom_emoji_id}
        return entity | {key: value for key, value in optional.items() if value}


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text as Telegram keeps it: plain characters and entities."""

    text: str
    entities: tuple[Entity, ...] = ()

    def entities_json(self) -> list[dict[str, object]]:
        return [entity.as_json() for entity in self.entities]


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def formatted(text: str, parse_mode: str | None, entities: Sequence[MessageEntity] | None) -> Formatted:
    """What Telegram makes of a bot's text: parsed, cleaned at both ends, links and commands found."""
    mode = (parse_mode or "").lower()
    if mode == "html":
        try:
            plain, spans = parse_html(text)
        except HtmlError as error:
            raise bad_request(f"can't parse entities: {error}") from None
        given = tuple(Entity(s.type, s.offset, s.length, s.url, s.language, s.custom_emoji_id) for s in spans)
    elif mode in {"markdown", "markdownv2"}:
        raise not_emulated(f"parse_mode {parse_mode}")
    elif mode:
        raise bad_request("unsupported parse_mode")
    else:
        plain, given = text, _checked(text, entities or ())
    return _with_found(_trimmed(Formatted(plain, given)))


def _checked(text: str, entities: Sequence[MessageEntity]) -> tuple[Entity, ...]:
    size = utf16_length(text)
    for entity in entities:
        if entity.offset < 0 or entity.length <= 0 or entity.offset + entity.length > size:
            raise bad_request("can't parse entities: entity is out of the text")
    return tuple(Entity(str(e.type), e.offset, e.length, e.url, e.language, e.custom_emoji_id) for e in entities)


def _trimmed(content: Formatted) -> Formatted:
    body = content.text.rstrip()
    lead = utf16_length(body) - utf16_length(body.lstrip())
    body = body.lstrip()
    end = utf16_length(body)
    moved = []
    for entity in content.entities:
        start = max(entity.offset - lead, 0)
        stop = min(entity.offset - lead + entity.length, end)
        if stop > start:
            moved.append(replace(entity, offset=start, length=stop - start))
    return Formatted(body, tuple(moved))


def _with_found(content: Formatted) -> Formatted:
    """Add the entities Telegram finds by itself, outside code and links."""
    closed = [(e.offset, e.offset + e.length) for e in content.entities if e.type in {"code", "pre", "text_link"}]
    found: list[Entity] = []
    for kind, pattern in _FOUND:
        for match in pattern.finditer(content.text):
            start = utf16_length(content.text[: match.start()])
            stop = start + utf16_length(match.group())
            if any(start < b and a < stop for a, b in closed):
                continue
            closed.append((start, stop))
            found.append(Entity(kind, start, stop - start))
    return Formatted(content.text, tuple(sorted((*content.entities, *found), key=lambda e: (e.offset, -e.length))))
