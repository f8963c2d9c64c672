"""The page's style and script: inlined, so that no further route is needed, and named by digest in the CSP."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Final

from markupsafe import Markup

TEMPLATES: Final = Path(__file__).parent / "templates"


def _read(name: str) -> Markup:
    return Markup((TEMPLATES / name).read_text(encoding="utf-8").strip())  # noqa: S704 - ours, from this package


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


STYLE: Final = _read("style.css")
SCRIPT: Final = _read("live.js")
CSP: Final = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_digest(STYLE)}",
        f"script-src {_digest(SCRIPT)}",
        "img-src data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
