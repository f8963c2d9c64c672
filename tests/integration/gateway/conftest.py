"""A gateway of a test's own, between the world's process and the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from gateway_house import PLATFORM_KEY, House, Subscriber
from pydantic import SecretStr

from manager_bot.clock import OffsetClock
from manager_bot.demo.client import WorldClient
from manager_bot.gateway.app import Gateway
from manager_bot.gateway.parts import ManagerName, gateway_parts, open_session
from manager_bot.services.outbox import Outbox
from manager_bot.vault import Vault


@pytest.fixture
async def house(world: WorldClient, database: str, make_settings, free_port: int) -> AsyncIterator[House]:
    boss = await world.person("Boss", username="boss")
    manager = await world.bot("clawbot_manager_bot", owner=boss, can_manage_bots=True)
    settings = make_settings(
        bot_token=SecretStr(await world.token(manager)),
        telegram_api_root=world.telegram_root,
        gemini_api_root=world.gemini_root,
        gemini_api_key=SecretStr(PLATFORM_KEY),
        gateway_host="127.0.0.1",
        gateway_port=free_port,
    )
    vault, clock = Vault(settings.secret_keys), OffsetClock()
    session, mine = open_session(), aiohttp.ClientSession()
    parts = gateway_parts(settings, vault, clock, Outbox(clock, (boss.id,)), session, manager=ManagerName())
    gateway = Gateway(parts, drain=5)
    await gateway.start()
    yield House(world, settings, vault, parts, gateway, mine)
    await mine.close()
    await gateway.stop()
    await session.close()


@pytest.fixture
async def ann(house: House) -> Subscriber:
    return await house.subscriber("Ann")


@pytest.fixture
async def bob(house: House) -> Subscriber:
    return await house.subscriber("Bob")
