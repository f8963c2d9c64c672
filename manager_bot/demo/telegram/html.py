"""Telegram's HTML subset, parsed as TDLib does it, complaint by complaint."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "code": "code", "pre": "pre", "a": "text_link", "tg-emoji": "custom_emoji",
    "blockquote": "blockquote",
}  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_ENTITY = re.compile(r"&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,8})|([a-z]+));")
_ATTRIBUTE = {"a": "href", "span": "class", "tg-emoji": "emoji-id", "code": "class"}


class HtmlError(ValueError):
    """What Telegram says after "can't parse entities: "."""


@dataclass(frozen=True, slots=True)
class Span:
    """One parsed tag; offset and length in UTF-16 code units of the plain text."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    custom_emoji_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    argument: str
    offset: int
    begin: int


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.i = 0
        self.plain: list[str] = []
        self.length = 0
        self.stack: list[_Open] = []
        self.spans: list[Span] = []

    def run(self) -> tuple[str, tuple[Span, ...]]:
        while self.i < len(self.source):
            char = self.source[self.i]
            if char == "&" and (entity := _decode(self.source, self.i)):
                self.i = entity[1]
                self._put(entity[0])
            elif char != "<":
                self.i += 1
                self._put(char)
            elif self.source.startswith("</", self.i):
                self._end_tag()
            else:
                self._start_tag()
        if self.stack:
            raise HtmlError(f'Can\'t find end tag corresponding to start tag "{self.stack[-1].tag}"')
        self.spans.sort(key=lambda span: (span.offset, -span.length))
        return "".join(self.plain), tuple(self.spans)

    def _put(self, char: str) -> None:
        self.plain.append(char)
        self.length += 2 if ord(char) > 0xFFFF else 1

    def _peek(self) -> str:
        return self.source[self.i] if self.i < len(self.source) else ""

    def _byte(self, position: int) -> int:
        return len(self.source[:position].encode("utf-8", "surrogatepass"))

    def _skip(self, *, until: str) -> str:
        """Read on to a space, a character of `until`, or the end."""
        begin = self.i
        while self._peek() and not self._peek().isspace() and self._peek() not in until:
            self.i += 1
        return self.source[begin : self.i]

    def _spaces(self) -> None:
        while self._peek().isspace():
            self.i += 1

    def _start_tag(self) -> None:
        begin = self.i
        self.i += 1
        tag = self._skip(until=">").lower()
        if not self._peek():
            raise HtmlError(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if tag not in _KINDS:
            raise HtmlError(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        argument = ""
        while self._peek() != ">":
            name, value = self._attribute(tag, begin)
            if name == _ATTRIBUTE.get(tag):
                argument = value
            elif name == "expandable" and tag == "blockquote":
                argument = name
        self.i += 1
        if tag == "span" and argument != "tg-spoiler":
            raise HtmlError(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self.stack.append(_Open(tag, argument, self.length, len(self.plain)))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        where = f'the tag "{tag}" at byte offset {self._byte(begin)}'
        unclosed = HtmlError(f"Unclosed start tag at byte offset {self._byte(begin)}")
        self._spaces()
        if self._peek() == ">":
            return "", ""
        name = self._skip(until="=>/\"'")
        if not name:
            raise HtmlError(f"Empty attribute name in {where}") if self._peek() else unclosed
        self._spaces()
        if self._peek() != "=":
            if self._peek():
                return name.lower(), ""
            raise unclosed
        self.i += 1
        self._spaces()
        quote = self._peek()
        if quote not in {'"', "'"} or not quote:
            value = self._skip(until=">")
            if not self._peek():
                raise unclosed
            return name.lower(), value
        end = self.source.find(quote, self.i + 1)
        if end < 0:
            raise unclosed
        value = self.source[self.i + 1 : end]
        self.i = end + 1
        if not self._peek():
            raise unclosed
        return name.lower(), html.unescape(value)

    def _end_tag(self) -> None:
        begin = self.i
        offset = self._byte(begin)
        if not self.stack:
            raise HtmlError(f"Unexpected end tag at byte offset {offset}")
        self.i += 2
        tag = self._skip(until=">")
        self._spaces()
        if self._peek() != ">":
            raise HtmlError(f"Unclosed end tag at byte offset {offset}")
        self.i += 1
        opened = self.stack.pop()
        if tag and tag.lower() != opened.tag:
            raise HtmlError(f'Unmatched end tag at byte offset {offset}, expected "</{opened.tag}>", found "</{tag}>"')
        if self.length > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        length = self.length - opened.offset
        kind = _KINDS[opened.tag]
        language = opened.argument.removeprefix("language-") if opened.argument.startswith("language-") else None
        if opened.tag == "a":
            url = opened.argument or "".join(self.plain[opened.begin :])
            if not re.match(r"(https?://)?[^\s/]+\.[^\s]+$|tg://|mailto:|tel:", url):
                return  # Telegram drops a link it cannot understand and keeps its text
            self.spans.append(Span(kind, opened.offset, length, url=url))
        elif opened.tag == "tg-emoji":
            self.spans.append(Span(kind, opened.offset, length, custom_emoji_id=opened.argument))
        elif opened.tag == "blockquote" and opened.argument:
            self.spans.append(Span("expandable_blockquote", opened.offset, length))
        elif opened.tag == "pre" and self._swallows_code(opened.offset, length):
            return
        else:
            self.spans.append(Span(kind, opened.offset, length, language=language if opened.tag == "code" else None))

    def _swallows_code(self, offset: int, length: int) -> bool:
        """`<pre><code class="language-x">` is one block of code in that language."""
        last = self.spans[-1] if self.spans else None
        if last is None or last.type != "code" or (last.offset, last.length) != (offset, length):
            return False
        self.spans[-1] = Span("pre", offset, length, language=last.language)
        return True


def _decode(source: str, position: int) -> tuple[str, int] | None:
    """The character an entity stands for and where it ends; None where Telegram leaves it as it is."""
    match = _ENTITY.match(source, position)
    if not match:
        return None
    hexadecimal, decimal, name = match.groups()
    if name:
        return (_NAMED[name], match.end()) if name in _NAMED else None
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return (chr(code), match.end()) if 0 < code < 0x110000 else None


def parse_html(source: str) -> tuple[str, tuple[Span, ...]]:
    """The plain text and its entities, or HtmlError in Telegram's words."""
    return _Parser(source).run()
