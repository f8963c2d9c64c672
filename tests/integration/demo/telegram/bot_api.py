"""The Bot API by raw HTTP: no client library stands between the test and the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from manager_bot.demo.client import BotView, Person, WorldClient

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


@dataclass(frozen=True)
class Reply:
    status: int
    body: dict[str, Any]

    @property
    def refusal(self) -> tuple[int, str]:
        assert self.body["ok"] is False, self.body
        assert self.body["error_code"] == self.status
        return self.status, self.body["description"]


@dataclass(frozen=True)
class BotApi:
    world: WorldClient
    token: str

    def url(self, method: str) -> str:
        return f"{self.world.telegram_root}/bot{self.token}/{method}"

    async def call(self, method: str, **parameters: object) -> Reply:
        """As a urlencoded form, the way most clients do it."""
        form = {k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items()}
        async with self.world.session.post(self.url(method), data=form) as answer:
            return Reply(answer.status, await answer.json())

    async def ok(self, method: str, **parameters: object) -> Any:
        reply = await self.call(method, **parameters)
        assert reply.status == 200, reply.body
        assert reply.body["ok"] is True
        return reply.body["result"]

    async def refused(self, method: str, **parameters: object) -> tuple[int, str]:
        return (await self.call(method, **parameters)).refusal


@dataclass(frozen=True)
class Party:
    world: WorldClient
    ann: Person
    bot: BotApi
    view: BotView
