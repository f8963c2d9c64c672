"""Settings under which everything outside this host is well."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.settings import MakeSettings
from pydantic import SecretStr

from manager_bot.config import Settings
from manager_bot.demo.client import WorldClient
from manager_bot.demo.gemini.state import DEMO_KEY
from models import database as db


@pytest.fixture
async def settings(world: WorldClient, make_settings: MakeSettings, tmp_path: Path) -> Settings:
    """Settings under which everything outside this host is well."""
    ada = await world.person("Ada", username="ada")
    bot = await world.bot("clawbot_manager_bot", owner=ada, can_manage_bots=True)
    return make_settings(
        bot_token=SecretStr(bot.token),
        admin_ids=(ada.id,),
        gemini_api_key=SecretStr(DEMO_KEY),
        telegram_api_root=world.telegram_root,
        gemini_api_root=world.gemini_root,
        database_url=db.sqlite_url(tmp_path / "clawbot.db"),
    )
