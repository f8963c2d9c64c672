"""The web component beside the emulated world, on SQLite unless a test asks for both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fixtures.settings import MakeSettings
from fixtures.web_house import WebHouse, github_settings, open_web_house
from tortoise.backends.base.executor import EXECUTOR_CACHE

from manager_bot.demo.client import WorldClient


@pytest.fixture(params=["sqlite"])
def engine(request: pytest.FixtureRequest) -> str:
    """SQLite; what the engines could do differently asks for ``postgresql`` too."""
    EXECUTOR_CACHE.clear()  # as the fixture it takes the place of
    return str(request.param)


@pytest.fixture
async def house(
    world: WorldClient, database: str, make_settings: MakeSettings, free_port: int
) -> AsyncIterator[WebHouse]:
    settings = make_settings(**github_settings(world.root, free_port))
    async with open_web_house(settings, world) as opened:
        yield opened
