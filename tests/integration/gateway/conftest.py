"""A gateway of a test's own, between the world's process and the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from gateway_house import House, Subscriber, open_house

from manager_bot.demo.client import WorldClient
from manager_bot.openclaw.store import TrialNetwork


@pytest.fixture
async def house(world: WorldClient, database: str, make_settings, free_port: int) -> AsyncIterator[House]:
    async with open_house(world, make_settings, "127.0.0.1", free_port) as opened:
        yield opened


@pytest.fixture
async def ann(house: House) -> Subscriber:
    return await house.subscriber("Ann")


@pytest.fixture
async def bob(house: House) -> Subscriber:
    return await house.subscriber("Bob")


@pytest.fixture
async def bridged(
    bridge: TrialNetwork, world: WorldClient, database: str, make_settings, free_port: int
) -> AsyncIterator[House]:
    """A house whose gateway real agents reach."""
    async with open_house(world, make_settings, bridge.address, free_port) as opened:
        yield opened
