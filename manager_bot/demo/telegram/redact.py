"""No token leaves through a record of what happened."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"(?<![0-9])([0-9]{6,20})(?::|%3[aA])[A-Za-z0-9_-]{30,}")


def redact(text: str) -> str:
    return _TOKEN.sub(r"\1:<redacted>", text)


def redacted(value: object) -> object:
    """The same JSON value without tokens."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(str(key)): redacted(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redacted(item) for item in value]
    return value
