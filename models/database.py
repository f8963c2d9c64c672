"""Opening, migrating and closing the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

MIGRATIONS = "models.migrations"


def orm_config(url: str) -> dict[str, Any]:
    """Tortoise's configuration for *url* (``sqlite:///…`` or ``postgres://…``)."""
    return {
        "connections": {"default": url},
        "apps": {"models": {"models": ["models"], "default_connection": "default", "migrations": MIGRATIONS}},
        "use_tz": True,
        "timezone": "UTC",
    }


def sqlite_url(path: Path) -> str:
    """The URL of an embedded database file: WAL, a commit is durable against a crash of the process."""
    return f"sqlite://{path}?journal_mode=WAL&synchronous=NORMAL&busy_timeout=5000&foreign_keys=ON"
