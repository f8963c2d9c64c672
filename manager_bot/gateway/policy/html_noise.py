"""HTML without what a reader would not see, so that a cut takes less of what matters."""

from __future__ import annotations

import re
from typing import Final

from manager_bot.gateway.policy.salience import SEVERE, trouble_of

_SIGN: Final = re.compile(r"<!doctype html|<html[ >]|<body[ >]|<head[ >]", re.IGNORECASE)
_NOISE: Final = re.compile(r"<(script|style|svg|noscript)\b[^>]*>(.*?)</\1\s*>|<!--(.*?)-->", re.IGNORECASE | re.DOTALL)
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
    text = _NOISE.sub(_telling_lines, text)
    text = _ATTRIBUTES.sub("", text)
    text = _BLOCK_END.sub(r"\1\n", text)
    return _SPACE.sub("\n", _INDENT.sub("", text))


def _telling_lines(found: re.Match[str]) -> str:
    inside = found.group(2) or found.group(3) or ""
    telling = [line.strip()[:300] for line in inside.splitlines() if _tells(line)]
    return "\n".join(["", *telling, ""]) if telling else ""


def _tells(line: str) -> bool:
    return trouble_of(line).score >= SEVERE or bool(_NAMED.search(line))
