"""People at their Telegram clients."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web

from manager_bot.demo.control.bodies import read_body, refuse
from manager_bot.demo.control.registers import Registers
from manager_bot.demo.telegram.acts import Acts
from manager_bot.demo.telegram.chats import Chat
from manager_bot.demo.telegram.files import KINDS
from manager_bot.demo.telegram.presses import Press

PATH = "/world/chats/{person}/{bot}"
ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ChatRoutes:
    """`/world/chats/...`"""

    registers: Registers
    acts: Acts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/world/chats", self.list),
            web.get(PATH, self.show),
            web.post(PATH + "/send", self.send),
            web.post(PATH + "/edit", self.edit),
            web.post(PATH + "/delete", self.delete),
            web.post(PATH + "/press", self.press),
            web.post(PATH + "/react", self.react),
            web.post(PATH + "/block", self.block),
            web.post(PATH + "/unblock", self.unblock),
            web.get("/world/files/{unique_id}", self.file),
        ]

    def _chat(self, request: web.Request) -> Chat:
        return self.acts.chat(self.registers.person(request), self.registers.bot(request))

    def _now(self) -> float:
        return self.acts.telegram.clock.now()

    async def list(self, _: web.Request) -> web.Response:
        chats = self.acts.telegram.chats.by_pair.values()
        return web.json_response([chat.as_seen(self._now()) for chat in chats])

    async def show(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        messages = [message.as_seen() for message in chat.messages.values()]
        return web.json_response(chat.as_seen(self._now()) | {"messages": messages})

    async def send(self, request: web.Request) -> web.Response:
        body = (await read_body(request)).known("text", "kind", "reply_to")
        kind = body.text_or_none("kind") or "document"
        if kind not in KINDS:
            raise refuse(400, f"kind must be one of {', '.join(KINDS)}")
        text = body.values.get("text", "")
        if not isinstance(text, str):
            raise refuse(400, "text must be a text")
        message = self.acts.send(
            self._chat(request), text, upload=body.file, kind=kind, reply_to=body.whole_or_none("reply_to")
        )
        return web.json_response(message.as_seen())

    async def edit(self, request: web.Request) -> web.Response:
        body = (await read_body(request)).known("message_id", "text")
        message = self.acts.edit(self._chat(request), body.whole("message_id"), body.text("text"))
        return web.json_response(message.as_seen())

    async def delete(self, request: web.Request) -> web.Response:
        body = (await read_body(request)).known("message_id")
        return web.json_response(self.acts.delete(self._chat(request), body.whole("message_id")).as_seen())

    async def press(self, request: web.Request) -> web.Response:
        """An inline button first, then a key of the keyboard."""
        body = (await read_body(request)).known("button", "data", "message_id", "username", "name", "wait")
        chat = self._chat(request)
        text, data = body.text_or_none("button"), body.text_or_none("data")
        found = self.acts.find_inline(chat, text, data, body.whole_or_none("message_id"))
        if found is not None:
            message, button = found
            if button.callback_data is None:
                return web.json_response({"kind": "url", "url": button.url, "message_id": message.id})
            press = self.acts.press(message, button.callback_data)
            return web.json_response(await self._answered(press, body.number("wait", ANSWER_SECONDS)))
        key = self.acts.find_key(chat, text) if text else None
        if key is None:
            raise refuse(404, f"nobody sees a button {(text or data)!r} in this chat")
        sent = self.acts.press_key(chat, key, username=body.text_or_none("username"), name=body.text_or_none("name"))
        kind = "managed_bot" if key.request_managed_bot else "message"
        return web.json_response({"kind": kind, "message": sent.as_seen()})

    async def _answered(self, press: Press, seconds: float) -> dict[str, object]:
        try:
            async with asyncio.timeout(seconds):
                await press.answered.wait()
        except TimeoutError:
            pass
        answer = press.answer.as_json() if press.answer else None
        return {"kind": "callback", "answer": answer, "message_id": press.message.id}

    async def react(self, request: web.Request) -> web.Response:
        body = (await read_body(request)).known("message_id", "emoji")
        message = self.acts.react(self._chat(request), body.whole("message_id"), body.text_or_none("emoji"))
        return web.json_response(message.as_seen())

    async def block(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        self.acts.block(chat, True)
        return web.json_response(chat.as_seen(self._now()))

    async def unblock(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        self.acts.block(chat, False)
        return web.json_response(chat.as_seen(self._now()))

    async def file(self, request: web.Request) -> web.Response:
        """A file as a person opens it."""
        file = self.acts.telegram.files.by_unique_id(request.match_info["unique_id"])
        if file is None:
            raise refuse(404, "no such file")
        headers = {"X-Content-Type-Options": "nosniff"}
        kind = file.upload.content_type if file.kind == "photo" else "application/octet-stream"
        return web.Response(body=file.upload.data, content_type=kind, headers=headers)
