"""The web role learns the manager's name from the database, unless Telegram is faster."""

from __future__ import annotations

import pytest

from manager_bot.gateway.parts import ManagerName
from manager_bot.roles import web


async def test_what_telegram_told_meanwhile_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = ManagerName()

    async def asked_too_early() -> str:
        manager.username = "clawbot"
        return ""

    monkeypatch.setattr(web, "manager_username", asked_too_early)
    monkeypatch.setattr(web, "LEARN_SECONDS", 0)
    await web._learn_manager(manager)
    assert manager.username == "clawbot"
