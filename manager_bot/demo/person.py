"""A person's side of the world: what they do, and what they see, over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from manager_bot.demo.views import BotView, ChatView, MessageView, Pressed

if TYPE_CHECKING:
    from manager_bot.demo.client import WorldClient

WAIT_SECONDS = 10.0
POLL_SECONDS = 0.05

Wanted = str | Callable[[MessageView], bool]
"""A fragment of the text, or a predicate on the message."""

BotRef = str | int | BotView
"""A bot by username, id or view."""


def ref(bot: BotRef) -> str | int:
    return bot.id if isinstance(bot, BotView) else bot


def number(message: int | MessageView) -> int:
    return message if isinstance(message, int) else message.id


class NotSeen(AssertionError):
    """Waited in vain; says what was on the screen instead."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person at their Telegram client."""

    world: WorldClient
    id: int
    name: str
    username: str | None

    async def chat(self, bot: BotRef) -> ChatView:
        return ChatView.read(await self.world.ask("GET", self._path(bot)))

    async def messages(self, bot: BotRef) -> list[MessageView]:
        """Oldest first, with the deleted ones (flagged)."""
        return list((await self.chat(bot)).messages)

    async def send(self, bot: BotRef, text: str, *, reply_to: int | None = None) -> MessageView:
        body = {"text": text} | ({"reply_to": reply_to} if reply_to else {})
        return await self._act(bot, "send", body)

    async def send_file(
        self, bot: BotRef, name: str, data: bytes, *, kind: str = "document", text: str = "", mime: str | None = None
    ) -> MessageView:
        form = aiohttp.FormData({"text": text, "kind": kind})
        form.add_field("file", data, filename=name, content_type=mime or "application/octet-stream")
        return MessageView.read(await self.world.ask("POST", f"{self._path(bot)}/send", form=form))

    async def edit(self, bot: BotRef, message: int | MessageView, text: str) -> MessageView:
        return await self._act(bot, "edit", {"message_id": number(message), "text": text})

    async def delete(self, bot: BotRef, message: int | MessageView) -> MessageView:
        return await self._act(bot, "delete", {"message_id": number(message)})

    async def react(self, bot: BotRef, message: int | MessageView, emoji: str | None) -> MessageView:
        return await self._act(bot, "react", {"message_id": number(message), "emoji": emoji})

    async def press(
        self,
        bot: BotRef,
        button: str | None = None,
        *,
        data: str | None = None,
        message: int | MessageView | None = None,
        wait: float = WAIT_SECONDS,
        username: str | None = None,
        name: str | None = None,
    ) -> Pressed:
        """Tap a button by its text or data: inline first (newest message first), then the keyboard's keys.

        Waits `wait` seconds for a callback's answer; `username` and `name` answer a "create a bot" key's questions.
        """
        wish: dict[str, object] = {"button": button, "data": data, "wait": wait, "username": username, "name": name}
        if message is not None:
            wish["message_id"] = number(message)
        body = {key: value for key, value in wish.items() if value is not None}
        return Pressed.read(await self.world.ask("POST", f"{self._path(bot)}/press", body))

    async def new_bot(self, manager: BotRef, username: str, name: str | None = None) -> BotView:
        """Open t.me/newbot/<manager>/<username> and confirm."""
        wish = {"manager": str(ref(manager)), "username": username, "name": name or username}
        return BotView.read(await self.world.ask("POST", f"/people/{self.id}/newbot", wish))

    async def block(self, bot: BotRef) -> None:
        await self.world.ask("POST", f"{self._path(bot)}/block")

    async def unblock(self, bot: BotRef) -> None:
        await self.world.ask("POST", f"{self._path(bot)}/unblock")

    async def download(self, message: MessageView) -> bytes:
        """The bytes of a message's file."""
        if message.file is None:
            raise ValueError("this message has no file")
        async with self.world.session.get(f"{self.world.root}{message.file.url}") as answer:
            return await answer.read()

    async def wait_for(
        self,
        bot: BotRef,
        wanted: Wanted = "",
        *,
        within: float = WAIT_SECONDS,
        after: int | MessageView = 0,
        button: str | None = None,
    ) -> MessageView:
        """The newest message of the bot, as it reads now, that fits: text fragment or predicate, and button.

        `after` leaves out messages up to that one (edits of them too).
        """
        end = time.monotonic() + within
        while True:
            messages = await self.messages(bot)
            for message in reversed(messages):
                fresh = message.outgoing and not message.deleted and message.id > number(after)
                if fresh and _fits(message, wanted) and (button is None or message.has_button(button)):
                    return message
            if time.monotonic() > end:
                seen = "\n".join(f"  {m.brief()}" for m in messages[-8:]) or "  (an empty chat)"
                what = repr(wanted) if isinstance(wanted, str) else getattr(wanted, "__name__", "a predicate")
                raise NotSeen(f"{self.name} waited {within:g} s for {what} (button: {button}) and sees:\n{seen}")
            await asyncio.sleep(POLL_SECONDS)

    async def stays_silent(self, bot: BotRef, *, seconds: float, after: int | MessageView = 0) -> bool:
        """True if the bot writes nothing new after that message for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(m.outgoing and m.id > number(after) for m in await self.messages(bot)):
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    def _path(self, bot: BotRef) -> str:
        return f"/chats/{self.id}/{ref(bot)}"

    async def _act(self, bot: BotRef, act: str, body: Mapping[str, object]) -> MessageView:
        return MessageView.read(await self.world.ask("POST", f"{self._path(bot)}/{act}", body))


def _fits(message: MessageView, wanted: Wanted) -> bool:
    return wanted in message.text if isinstance(wanted, str) else wanted(message)
