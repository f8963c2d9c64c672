"""The emulated GitHub in the world's process, with one application and one person."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from github_http import CALLBACK, CLIENT, SECRET, GitHub

from manager_bot.demo.client import WorldClient
from manager_bot.demo.github import GitHubControl


@pytest.fixture
async def github(world: WorldClient) -> AsyncIterator[GitHub]:
    async with aiohttp.ClientSession() as session:
        control = GitHubControl(session, world.root)
        await control.register(CLIENT, SECRET, CALLBACK)
        await control.join("ann", name="Ann", emails=["ann@example.org", "old@example.org"])
        yield GitHub(session, control)
