"""Downloads: streamed, bounded, under the real token."""

from __future__ import annotations

from typing import Final

import aiohttp
from aiohttp import web

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.telegram.replies import Refused, unreachable
from manager_bot.gateway.telegram.upstream import Telegram

MOST_DOWNLOAD: Final = 64 * 1024 * 1024
"""Bytes of one download; Telegram gives bots files of 20 MB."""


async def send_file(request: web.Request, telegram: Telegram, caller: Caller, path: str) -> web.StreamResponse:
    """Relay one file; raises :class:`Refused` for what is not there."""
    if request.method != "GET" or request.query_string:
        raise Refused(404, "Not Found")
    try:
        async with telegram.file(caller.bot_token, path) as answer:
            if answer.status != 200:
                raise Refused(answer.status if answer.status in {400, 401, 404, 429} else 502, answer.reason or "Error")
            return await _relay(request, answer)
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
        raise unreachable() from None


async def _relay(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    if (answer.content_length or 0) > MOST_DOWNLOAD:
        raise Refused(413, "Request Entity Too Large")
    response = web.StreamResponse(
        headers={"Content-Type": answer.headers.get("Content-Type", "application/octet-stream")}
    )
    response.content_length = answer.content_length
    await response.prepare(request)
    passed = 0
    try:
        async for piece in answer.content.iter_any():
            passed += len(piece)
            if passed > MOST_DOWNLOAD:
                raise ConnectionAbortedError
            await response.write(piece)
    except (aiohttp.ClientError, TimeoutError, ConnectionError):
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response
