"""The cookie a browser is known by on its way back: a secret for each link it opened lately, so that tabs get along.

A secret is fresh for each link: one that somebody planted beforehand opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

MOST_TABS: Final = 4
"""Links a browser may have open side by side; the newest stay."""
LENGTH: Final = 43 * MOST_TABS + MOST_TABS - 1
"""Characters of the longest cookie."""


def digest(secret: str) -> str:
    """What the database keeps of a secret: SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def fresh_secret() -> str:
    """43 characters without a dot."""
    return secrets.token_urlsafe(32)


def with_secret(cookie: str | None, secret: str) -> str:
    """*cookie* with one more secret."""
    return ".".join([*(cookie or "").split("."), secret][-MOST_TABS:]).lstrip(".")


def holds(cookie: str | None, wanted: str | None) -> bool:
    """Whether one of the cookie's secrets has the digest *wanted*."""
    if not cookie or not wanted:
        return False
    return any(hmac.compare_digest(digest(one), wanted) for one in cookie.split("."))
