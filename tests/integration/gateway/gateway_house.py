"""A gateway between the emulated world and agents that speak raw HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import SecretStr

from manager_bot.config import Settings
from manager_bot.demo.client import BotView, Person, WorldClient
from manager_bot.demo.gemini import DEMO_KEY, GeminiControl
from manager_bot.gateway.app import Gateway
from manager_bot.gateway.parts import Parts
from manager_bot.services.budgets import Budgets
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
        return f"http://127.0.0.1:{self.settings.gateway_port}"

    @property
    def budgets(self) -> Budgets:
        return self.parts.budgets

    @property
    def control(self) -> GeminiControl:
        return GeminiControl(self.session, self.world.root)

    async def fetch(self, verb: str, url: str, **more: Any) -> Reply:
        from yarl import URL

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
