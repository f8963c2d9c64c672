"""OpenClaw's health surface: where it is asked and what its answers mean.

Both paths answer without authentication. ``/healthz`` says the process lives; ``/readyz`` turns 200 only when
the channels (Telegram) are up, and answers 503 with the names of what is missing before that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

PORT = 18789
"""OpenClaw's own port inside the container; the host publishes it on loopback."""

LIVE_PATH = "/healthz"
READY_PATH = "/readyz"

_MAX_BODY = 16_384
"""Bytes of an answer looked at; a real one has a few hundred."""


@dataclass(frozen=True, slots=True)
class Health:
    """One answer: ``failing`` names what is not up yet, as OpenClaw calls it (e.g. ``telegram``)."""

    live: bool
    ready: bool
    failing: tuple[str, ...] = ()


UNREACHABLE = Health(live=False, ready=False)


def parse_ready(status: int, body: bytes) -> Health:
    """Read ``/readyz``; anything that is not OpenClaw's JSON is a process that is not live.

    Real answers: ``200 {"ready":true}`` and ``503 {"ready":false}``; only to a caller inside the container does it
    add ``failing`` and ``uptimeMs``.
    """
    fields = _fields(body)
    if status not in (200, 503) or not isinstance(fields.get("ready"), bool):
        return UNREACHABLE
    listed = fields.get("failing")
    failing = tuple(str(name) for name in listed) if isinstance(listed, list) else ()
    return Health(live=True, ready=status == 200 and fields["ready"] is True, failing=failing)


def parse_live(status: int, body: bytes) -> bool:
    """Read ``/healthz``: ``200 {"ok":true,"status":"live"}``."""
    return status == 200 and _fields(body).get("ok") is True


def _fields(body: bytes) -> dict[str, object]:
    try:
        decoded = json.loads(body[:_MAX_BODY])
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}
