"""This installation's mark, which tells its containers, network and rules from everybody else's."""

from __future__ import annotations

import secrets

from models import Installation

_THE_ROW = 1


async def known_mark() -> str | None:
    """The mark, or nothing before the first start."""
    row = await Installation.get_or_none(id=_THE_ROW)
    return row.mark if row else None


async def installation_mark() -> str:
    """The mark (12 hex digits), made at the first start and never changed.

    It is one row with a fixed key: of two processes that start at the same moment, the database lets one make it.
    """
    row, _ = await Installation.get_or_create(defaults={"mark": secrets.token_hex(6)}, id=_THE_ROW)
    return row.mark


async def manager_username() -> str:
    """The manager bot's username as it was last known; empty before the bot first ran."""
    row = await Installation.get_or_none(id=_THE_ROW)
    return row.manager_username if row else ""


async def remember_manager(username: str) -> None:
    """Telegram told who the manager bot is."""
    await Installation.filter(id=_THE_ROW).update(manager_username=username)
