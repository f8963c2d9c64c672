"""Python clients of the world: tests and the played journey act through these, over HTTP only.

async with WorldClient("http://127.0.0.1:8090") as world:
    ann = await world.person("Ann", username="ann", language_code="en")
    manager = await world.bot("clawbot", owner=ann, can_manage_bots=True)
    await ann.send(manager, "/start")
    card = await ann.wait_for(manager, "Welcome")
    notice = await ann.press(manager, "English")
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import aiohttp

from manager_bot.demo.person import BotRef, NotSeen, Person, ref
from manager_bot.demo.views import ApiCallView, BotView, ChatView, MessageView, Pressed

__all__ = [
    "ApiCallView",
    "BotRef",
    "BotView",
    "ChatView",
    "MessageView",
    "NotSeen",
    "Person",
    "Pressed",
    "WorldClient",
    "WorldRefused",
]


class WorldRefused(Exception):
    """The world said no: a wish no client could have, or an unknown name."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


class WorldClient:
    """One world, by its address."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    @property
    def telegram_root(self) -> str:
        """For CLAWBOT_TELEGRAM_API_ROOT."""
        return f"{self.root}/telegram"

    @property
    def gemini_root(self) -> str:
        """For CLAWBOT_GEMINI_API_ROOT."""
        return f"{self.root}/gemini"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open HTTP session, for raw calls too."""
        if self._session is None:
            raise RuntimeError("use the world as `async with WorldClient(...)`")
        return self._session

    async def ask(self, method: str, path: str, body: object = None, *, form: aiohttp.FormData | None = None) -> Any:
        """One control call; the JSON it answers, or WorldRefused."""
        options: dict[str, Any] = {"data": form} if form is not None else {"json": body} if body is not None else {}
        async with self.session.request(method, f"{self.root}/world{path}", **options) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise WorldRefused(answer.status, _reason(text))
            return json.loads(text)

    async def person(
        self,
        name: str,
        *,
        username: str | None = None,
        language_code: str | None = None,
        last_name: str | None = None,
        telegram_id: int | None = None,
    ) -> Person:
        """A new person."""
        wish = {
            "name": name,
            "username": username,
            "language_code": language_code,
            "last_name": last_name,
            "id": telegram_id,
        }
        user = await self.ask("POST", "/people", {key: value for key, value in wish.items() if value is not None})
        return Person(self, int(user["id"]), name, user.get("username"))

    async def people(self) -> list[Person]:
        return [
            Person(self, int(user["id"]), user["first_name"], user.get("username"))
            for user in await self.ask("GET", "/people")
        ]

    async def bot(
        self, username: str, *, owner: Person, name: str | None = None, can_manage_bots: bool = False
    ) -> BotView:
        """A new bot from BotFather, with its token."""
        wish = {"username": username, "name": name or username, "owner": owner.id, "can_manage_bots": can_manage_bots}
        return BotView.read(await self.ask("POST", "/bots", wish))

    async def bots(self) -> list[BotView]:
        return [BotView.read(bot) for bot in await self.ask("GET", "/bots")]

    async def show_bot(self, bot: BotRef) -> BotView:
        """Its state now; without the token."""
        return BotView.read(await self.ask("GET", f"/bots/{ref(bot)}"))

    async def token(self, bot: BotRef) -> str:
        return str((await self.ask("GET", f"/bots/{ref(bot)}/token"))["token"])

    async def revoke(self, bot: BotRef) -> str:
        """The new token; the old one is dead."""
        return str((await self.ask("POST", f"/bots/{ref(bot)}/revoke"))["token"])

    async def change_bot(self, bot: BotRef, **wish: object) -> BotView:
        """can_manage_bots, name, owner (an id)."""
        return BotView.read(await self.ask("PATCH", f"/bots/{ref(bot)}", wish))

    async def delete_bot(self, bot: BotRef) -> None:
        await self.ask("DELETE", f"/bots/{ref(bot)}")

    async def fault(self, kind: str, **wish: object) -> int:
        """Order a fault (see `manager_bot.demo.world`); its id."""
        return int((await self.ask("POST", "/faults", {"kind": kind, **wish}))["id"])

    async def clear_faults(self) -> None:
        await self.ask("DELETE", "/faults")

    async def advance(self, seconds: float) -> None:
        await self.ask("POST", "/clock", {"advance": seconds})

    async def limits(self, **wish: float) -> None:
        await self.ask("POST", "/limits", wish)

    async def reset(self) -> None:
        await self.ask("POST", "/reset")

    async def transcript(
        self,
        *,
        bot: BotRef | None = None,
        method: str | None = None,
        ok: bool | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[ApiCallView]:
        """Bot API calls, oldest first."""
        query = [f"after={after}", f"limit={limit}"]
        query += [f"bot={ref(bot)}"] if bot is not None else []
        query += [f"method={method}"] if method else []
        query += [f"ok={str(ok).lower()}"] if ok is not None else []
        return [ApiCallView.read(call) for call in await self.ask("GET", f"/transcript?{'&'.join(query)}")]

    async def last_event(self) -> int:
        """Where to start `events` for what comes next."""
        return int((await self.ask("GET", ""))["last_event"])

    async def events(self, after: int | None = None) -> AsyncIterator[dict[str, Any]]:
        """Everything that happens: after that number, or from now on."""
        query = "" if after is None else f"?after={after}"
        timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
        async with self.session.get(f"{self.root}/world/events{query}", timeout=timeout) as stream:
            async for line in stream.content:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])


def _reason(text: str) -> str:
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text[:300]
