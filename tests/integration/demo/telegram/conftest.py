"""A world of its own for each test, spoken to over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from bot_api import BotApi, Party

from manager_bot.demo.client import WorldClient
from manager_bot.demo.world import start_world


@pytest.fixture
async def world() -> AsyncIterator[WorldClient]:
    runner, port = await start_world("127.0.0.1", 0)
    async with WorldClient(f"http://127.0.0.1:{port}") as client:
        yield client
    await runner.cleanup()


@pytest.fixture
async def party(world: WorldClient) -> Party:
    """Ann, who has started the bot, and the bot's raw API."""
    ann = await world.person("Ann", username="ann", language_code="en")
    view = await world.bot("clawbot", owner=ann, can_manage_bots=True)
    await ann.send(view, "/start")
    bot = BotApi(world, view.token)
    updates = await bot.ok("getUpdates")
    await bot.ok("getUpdates", offset=updates[-1]["update_id"] + 1)
    return Party(world, ann, bot, view)
