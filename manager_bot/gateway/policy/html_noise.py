"""HTML without what a reader would not see, so that a cut takes less of what matters."""

from __future__ import annotations

import re
from typing import Final

from manager_bot.gateway.policy.salience import SEVERE, trouble_of

_SIGN: Final = re.compile(r"<!doctype html|<html[ >]|<body[ >]|<head[ >]", re.IGNORECASE)
_OPEN: Final = re.compile(r"<(script|style|svg|noscript)\b[^>]*>|<(!--)", re.IGNORECASE)
_CLOSE: Final = {"script": "</script", "style": "</style", "svg": "</svg", "noscript": "</noscript", "!--": "-->"}
_ATTRIBUTES: Final = re.compile(
    r"\s(?:class|style|aria-[\w-]+|on\w+|role|tabindex|width|height|srcset|sizes)=(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE
)
_BLOCK_END: Final = re.compile(
    r"(</(?:p|div|li|tr|h[1-6]|section|article|table|ul|ol|head|title|option|dd|dt|nav)>|<br ?/?>)(?!\n)", re.IGNORECASE
)
_SPACE: Final = re.compile(r"[ \t]*\n\s*\n+")
_INDENT: Final = re.compile(r"^[ \t]+", re.MULTILINE)
_NAMED: Final = re.compile(r"\b[A-Z]{2,}[-_][A-Z0-9-]*\d")


def is_html(text: str) -> bool:
    """Whether a text is a page of HTML (a fragment without a head or body is treated as text)."""
    return bool(_SIGN.search(text[:3000]))


def without_noise(text: str) -> str:
    """The page without scripts, styles, comments and layout attributes, one block a line.

    A script's or comment's line that speaks of an error or names a ticket-like identifier is kept.
    """
    text = _without_blocks(text)
    text = _ATTRIBUTES.sub("", text)
    text = _BLOCK_END.sub(r"\1\n", text)
    return _SPACE.sub("\n", _INDENT.sub("", text))


def _without_blocks(text: str) -> str:
    """One pass whatever the page: a kind of block that is never closed again is not looked for twice."""
    lower = text.lower()
    shown: list[str] = []
    unclosed: set[str] = set()
    at = 0
    while found := _OPEN.search(text, at):
        kind = (found.group(1) or found.group(2)).lower()
        end = -1 if kind in unclosed else lower.find(_CLOSE[kind], found.end())
        if end < 0:
            unclosed.add(kind)
            shown.append(text[at : found.end()])
            at = found.end()
            continue
        shown += [text[at : found.start()], _telling_lines(text[found.end() : end])]
        closing = text.find(">", end)
        at = closing + 1 if closing >= 0 else len(text)
    return "".join([*shown, text[at:]])


def _telling_lines(inside: str) -> str:
    telling = [line.strip()[:300] for line in inside.splitlines() if _tells(line)]
    return "\n".join(["", *telling, ""]) if telling else ""


def _tells(line: str) -> bool:
    return trouble_of(line).score >= SEVERE or bool(_NAMED.search(line))
