"""Writing to a caller who may leave: every wait and write notices it, so the ledger can say so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import orjson
from aiohttp import web

from manager_bot.demo.gemini.errors import GoogleError, JsonObject

_LOOK_EVERY = 0.03


class CallerLeft(Exception):
    """The client closed the connection before the answer was complete."""


def json_bytes(body: JsonObject | list[JsonObject]) -> bytes:
    """JSON as Google writes it: indented."""
    return orjson.dumps(body, option=orjson.OPT_INDENT_2)


def error_response(error: GoogleError, *, listed: bool = False) -> web.Response:
    """An error on the wire; `streamGenerateContent` without SSE wraps it in a list."""
    body = json_bytes([error.body()] if listed else error.body())
    return web.Response(status=error.code, body=body, content_type="application/json", charset="utf-8")


@dataclass(slots=True)
class Wire:
    """The connection of one request; works whether or not the server cancels handlers."""

    request: web.Request
    stream: web.StreamResponse | None = field(default=None)

    def check(self) -> None:
        """Raise `CallerLeft` once the client is gone."""
        transport = self.request.transport
        if transport is None or transport.is_closing():
            raise CallerLeft

    async def wait(self, seconds: float) -> None:
        """Sleep, but no longer than the caller stays."""
        end = asyncio.get_running_loop().time() + seconds
        self.check()
        while (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, _LOOK_EVERY))
            self.check()

    async def open(self, content_type: str) -> web.StreamResponse:
        """Send the head of a streamed answer."""
        self.check()
        self.stream = web.StreamResponse(headers={"Content-Type": content_type, "Cache-Control": "no-store"})
        await self.stream.prepare(self.request)
        return self.stream

    async def write(self, stream: web.StreamResponse, data: bytes) -> None:
        """Send one piece of a streamed answer."""
        self.check()
        try:
            await stream.write(data)
        except ConnectionError as error:
            raise CallerLeft from error

    def drop(self) -> None:
        """Close the connection without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()
