"""Asking Gemini with the platform's key, or the subscriber's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
import structlog
from aiohttp import web
from pydantic import SecretStr
from yarl import URL

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.gemini.errors import GeminiError, unreachable

_TIMES: Final = aiohttp.ClientTimeout(total=900, sock_connect=10, sock_read=300)
_MOST_ERROR: Final = 64 * 1024
_MOST_ANSWER: Final = 64 * 1024 * 1024
_OURS: Final = frozenset({400, 404, 429, 500, 503, 504})
"""Refusals an agent may see as they are; the others speak of the platform's own key."""
log = structlog.get_logger(__name__)


class NeverSent(Exception):
    """Not even a connection: nothing was served."""


@dataclass(frozen=True, slots=True)
class Gemini:
    """Posts to Gemini's REST surface."""

    root: str
    key: SecretStr
    session: aiohttp.ClientSession

    @asynccontextmanager
    async def ask(
        self, caller: Caller, model: str, verb: str, body: bytes, *, sse: bool = False
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An open answer; raises :class:`NeverSent`, or the client's errors once it may have been served."""
        url = URL(f"{self.root}/v1beta/models/{model}:{verb}{'?alt=sse' if sse else ''}", encoded=True)
        key = (caller.own_key or self.key).get_secret_value()
        headers = {"x-goog-api-key": key, "Content-Type": "application/json"}
        try:
            opened = await self.session.post(url, data=body, headers=headers, allow_redirects=False, timeout=_TIMES)
        except aiohttp.ClientConnectorError:
            raise NeverSent from None
        try:
            yield opened
        except BaseException:
            opened.close()
            raise
        finally:
            opened.release()


async def whole(answer: aiohttp.ClientResponse, most: int = _MOST_ANSWER) -> bytes:
    """All of an answer, up to a sane size."""
    raw = bytearray()
    async for piece in answer.content.iter_any():
        raw += piece
        if len(raw) > most:
            raise unreachable()
    return bytes(raw)


async def refusal(answer: aiohttp.ClientResponse, caller: Caller, *, listed: bool) -> web.Response:
    """Gemini's refusal for the agent: as it is, unless it concerns the platform's key or is no JSON at all."""
    raw = await whole(answer, _MOST_ERROR)
    about_key = caller.own_key is None and (answer.status not in _OURS or b"API_KEY_INVALID" in raw)
    if about_key or "json" not in answer.content_type:
        log.error("gemini_door.refused", status=answer.status, own_key=caller.own_key is not None)
        return unreachable().response(listed=listed)
    headers = {"Retry-After": answer.headers["Retry-After"]} if "Retry-After" in answer.headers else {}
    if listed and not raw.lstrip().startswith(b"["):
        raw = b"[" + raw + b"]"
    return web.Response(status=answer.status, body=raw, content_type="application/json", headers=headers)


def lost(error: BaseException) -> GeminiError:
    """The agent's view of a call that broke off before its answer began."""
    if isinstance(error, TimeoutError):
        return GeminiError(504, "The model did not answer in time.")
    return unreachable()
