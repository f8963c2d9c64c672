"""A gateway between the emulated world and agents that speak raw HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp
from aiohttp.payload import BytesIOPayload
from pydantic import SecretStr
from yarl import URL

from manager_bot.clock import OffsetClock
from manager_bot.config import Settings
from manager_bot.demo.client import BotView, Person, WorldClient
from manager_bot.demo.gemini import DEMO_KEY, GeminiControl
from manager_bot.gateway.app import Gateway
from manager_bot.gateway.parts import ManagerName, Parts, gateway_parts, open_session
from manager_bot.services.budgets import Budgets
from manager_bot.services.outbox import Outbox
from manager_bot.services.usage import Usage, UsageReport
from manager_bot.vault import Vault
from models import Agent, User


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class Subscriber:
    """A person, their agent's bot, and the key their agent has."""

    house: House
    person: Person
    bot: BotView
    key: str
    user_id: int
    agent_id: int

    @property
    def telegram(self) -> str:
        return f"{self.house.root}/telegram/bot{self.bot.id}:{self.key}"

    async def call(self, method: str, **params: object) -> Reply:
        return await self.house.fetch("POST", f"{self.telegram}/{method}", json=params)

    async def ok(self, method: str, **params: object) -> Any:
        reply = await self.call(method, **params)
        assert reply.status == 200, reply
        return reply.body["result"]

    async def generate(self, body: object, verb: str = "generateContent", model: str = "clawbot") -> Reply:
        return await self.house.gemini(f"models/{model}:{verb}", body, key=self.key)

    async def usage(self) -> UsageReport:
        return await Usage(self.house.parts.clock, self.house.budgets).report(self.user_id)

    async def row(self) -> Agent:
        return await Agent.get(id=self.agent_id)


@dataclass(frozen=True)
class House:
    world: WorldClient
    settings: Settings
    vault: Vault
    parts: Parts
    gateway: Gateway
    session: aiohttp.ClientSession

    @property
    def root(self) -> str:
        return f"http://{self.settings.gateway_address}:{self.settings.gateway_port}"

    @property
    def budgets(self) -> Budgets:
        return self.parts.budgets

    @property
    def control(self) -> GeminiControl:
        return GeminiControl(self.session, self.world.root)

    async def fetch(self, verb: str, url: str, **more: Any) -> Reply:
        if (body := more.pop("json", None)) is not None:  # not whole: aiohttp warns of more than a megabyte at once
            more["data"] = BytesIOPayload(BytesIO(json.dumps(body).encode()), content_type="application/json")
        async with self.session.request(verb, URL(url, encoded=True), **more) as answer:
            raw = await answer.read()
            try:
                body = json.loads(raw)
            except ValueError:
                body = raw
            return Reply(answer.status, body, dict(answer.headers))

    async def gemini(self, path: str, body: object = None, *, key: str | None, verb: str = "POST") -> Reply:
        headers = {"x-goog-api-key": key} if key else {}
        return await self.fetch(verb, f"{self.root}/gemini/v1beta/{path}", headers=headers, json=body)

    async def subscriber(self, name: str, plan: str = "free") -> Subscriber:
        person = await self.world.person(name, username=name.lower(), language_code="en")
        bot = await self.world.bot(f"{name.lower()}_helper_bot", owner=person)
        user = await User.create(telegram_id=person.id, name=name, plan=plan)
        key = f"key-of-{name.lower()}-" + "k" * 24
        token = await self.world.token(bot)
        agent = await Agent.create(
            user=user,
            bot_id=bot.id,
            bot_username=bot.username,
            bot_name=name,
            bot_token=self.vault.seal(SecretStr(token)),
            bot_token_fingerprint=self.vault.fingerprint(SecretStr(token)),
            gateway_key=self.vault.seal(SecretStr(key)),
            gateway_key_fingerprint=self.vault.fingerprint(SecretStr(key)),
            container_name=f"test-{name}",
            container_port=9000 + user.id,
        )
        return Subscriber(self, person, bot, key, user.id, agent.id)


@asynccontextmanager
async def open_house(
    world: WorldClient, make_settings: Callable[..., Settings], host: str, port: int
) -> AsyncIterator[House]:
    """A gateway listening on *host*, over the test's database."""
    boss = await world.person("Boss", username="boss")
    manager = await world.bot("clawbot_manager_bot", owner=boss, can_manage_bots=True)
    settings = make_settings(
        bot_token=SecretStr(await world.token(manager)),
        telegram_api_root=world.telegram_root,
        gemini_api_root=world.gemini_root,
        gemini_api_key=SecretStr(PLATFORM_KEY),
        gateway_host=host,
        gateway_port=port,
    )
    vault, clock = Vault(settings.secret_keys), OffsetClock()
    session, mine = open_session(), aiohttp.ClientSession()
    parts = gateway_parts(settings, vault, clock, Outbox(clock, (boss.id,)), session, manager=ManagerName())
    gateway = Gateway(parts, drain=5)
    await gateway.start()
    try:
        yield House(world, settings, vault, parts, gateway, mine)
    finally:
        await mine.close()
        await gateway.stop()
        await session.close()


def said(text: str, **more: object) -> dict[str, Any]:
    """A request of one user turn."""
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **more}


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 5.0) -> bool:
    """Whether *check* comes true in time."""
    for _ in range(int(seconds / 0.05)):
        if await check():
            return True
        await asyncio.sleep(0.05)
    return False


PLATFORM_KEY = DEMO_KEY
