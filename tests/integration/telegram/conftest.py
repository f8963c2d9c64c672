"""The manager bot with its real dispatcher, a real SQLite database and the emulated Telegram over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from house import House, open_house

from manager_bot.demo.client import WorldClient
from manager_bot.demo.world import start_world


@pytest.fixture
async def world() -> AsyncIterator[WorldClient]:
    runner, port = await start_world("127.0.0.1", 0)
    async with WorldClient(f"http://127.0.0.1:{port}") as client:
        yield client
    await runner.cleanup()


@pytest.fixture
def database_file(sqlite_template: Path, tmp_path: Path) -> Path:
    """A migrated database of the test's own."""
    return Path(shutil.copy(sqlite_template, tmp_path / "clawbot.db"))


@pytest.fixture
async def house(world: WorldClient, database_file: Path) -> AsyncIterator[House]:
    async with open_house(world, database_file) as house:
        yield house
