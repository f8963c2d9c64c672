"""No secret leaves the process in words: every log line, alert and shown log passes here.

The patterns are of secrets' shapes, not of known values, so that a key planted by an agent is caught too. Rather one
harmless number too many than one token too few.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote

HIDDEN = "[redacted]"

_URL_PASSWORD = re.compile(r"(?P<keep>\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)")
_AUTHORIZATION = re.compile(r"(?i)(?P<keep>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=:-]{6,}")
_NAMED = re.compile(
    r"(?i)(?P<keep>\b(?:x-goog-api-key|api[_-]?key|access[_-]?token|client[_-]?secret|refresh[_-]?token|password|passwd|secret"
    r"|token|key)[\"']?\s*[=:]\s*[\"']?)(?!\[redacted\])[^\s\"'&,;}]{8,}"
)
_SHAPES = re.compile(
    "|".join(
        (
            r"(?<![0-9])[0-9]{5,16}(?::|%3[Aa])[A-Za-z0-9_-]{20,}",  # bot token, and <bot id>:<gateway key>
            r"\bAIza[A-Za-z0-9_-]{30,}",  # Google API key
            r"\bAQ\.[A-Za-z0-9_-]{20,}",  # Google API key, newer shape
            r"\bya29\.[A-Za-z0-9._-]{20,}",  # Google access token
            r"\bgithub_pat_[A-Za-z0-9_]{20,}",
            r"\bgh[pousr]_[A-Za-z0-9]{20,}",
            r"\bsk-[A-Za-z0-9_-]{20,}",  # the commonest model provider's key
            r"\bgAAAA[A-Za-z0-9_-]{40,}={0,2}",  # something sealed by Fernet
            r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}=?(?![A-Za-z0-9_=-])",  # 32 random bytes: Fernet key, gateway key
            r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",  # JSON web token
        )
    )
)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_TO_STANDARD = str.maketrans("-_", "+/")
_PERCENT = re.compile(r"(?:[A-Za-z0-9._~:/-]|%[0-9A-Fa-f]{2}){20,}")


def redact(text: str) -> str:
    """*text* with everything shaped like a secret replaced by ``[redacted]``; idempotent."""
    text = _PEM.sub(HIDDEN, text)
    text = _SHAPES.sub(HIDDEN, text)
    text = _BASE64.sub(_hidden_in_base64, text)
    if "%" in text:
        text = _PERCENT.sub(_hidden_in_percent, text)
    text = _URL_PASSWORD.sub(rf"\g<keep>{HIDDEN}", text)
    text = _AUTHORIZATION.sub(rf"\g<keep>{HIDDEN}", text)
    return _NAMED.sub(rf"\g<keep>{HIDDEN}", text)


def _hidden_in_base64(found: re.Match[str]) -> str:
    """The match, or nothing of it if a secret is packed in it."""
    packed = found[0].rstrip("=").translate(_TO_STANDARD)
    for start in range(4):  # what stands before it may be of the same alphabet, a path for one
        whole = packed[start:] if (len(packed) - start) % 4 != 1 else packed[start:-1]
        whole += "=" * (-len(whole) % 4)
        if _SHAPES.search(base64.b64decode(whole).decode("ascii", "replace")):
            return HIDDEN
    return found[0]


def _hidden_in_percent(found: re.Match[str]) -> str:
    """The same for what is percent-encoded, be it twice."""
    return HIDDEN if "%" in found[0] and _SHAPES.search(unquote(unquote(found[0]))) else found[0]


def redact_processor(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor; put it behind the one that renders exceptions and before the renderer."""
    for name, value in event.items():
        event[name] = _redacted(value)
    return event


def _redacted(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {name: _redacted(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(inner) for inner in value]
    return redact(repr(value)) if not callable(value) else value
