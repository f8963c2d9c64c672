"""Asking Gemini with the platform's key, or the subscriber's own."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import structlog
from aiohttp import web
from pydantic import SecretStr
from yarl import URL

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.gemini.errors import GeminiError, unreachable
from manager_bot.gateway.metrics import Meter, status_kind
from manager_bot.gateway.outage import ErrorRate

LONGEST_ANSWER: Final = 900.0
"""Seconds an answer may take, however steadily it drips: looked at with each piece of it, which costs no timer."""
_TIMES: Final = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=300)
_MOST_ERROR: Final = 64 * 1024
_MOST_ANSWER: Final = 64 * 1024 * 1024
_OURS: Final = frozenset({400, 404, 429, 500, 503, 504})
"""Refusals an agent may see as they are; the others speak of the platform's own key."""
log = structlog.get_logger(__name__)


class NeverSent(Exception):
    """Not even a connection: nothing was served."""


@dataclass(frozen=True, slots=True)
class Gemini:
    """Posts to Gemini's REST surface, and notes what became of it."""

    root: str
    key: SecretStr
    session: aiohttp.ClientSession
    meter: Meter
    rate: ErrorRate
    _urls: dict[str, URL] = field(default_factory=dict)

    def ask(self, caller: Caller, model: str, verb: str, body: bytes, *, sse: bool = False) -> Asking:
        """A call, made when it is entered: ``async with`` brings the open answer.

        Entering raises :class:`NeverSent`, or the client's errors once it may have been served.
        """
        return Asking(self, (caller.own_key or self.key).get_secret_value(), self._url(model, verb, sse), body)

    async def post(self, key: str, url: URL, body: bytes) -> aiohttp.ClientResponse:
        """An open answer, which the caller must release."""
        headers = {"x-goog-api-key": key, "Content-Type": "application/json"}
        try:
            answer = await self.session.post(url, data=body, headers=headers, allow_redirects=False, timeout=_TIMES)
        except aiohttp.ClientConnectorError:
            self.failed("unreachable")
            raise NeverSent from None
        except (aiohttp.ClientError, OSError) as error:
            self.failed("timeout" if isinstance(error, TimeoutError) else "broken")
            raise
        self.rate.record(answer.status < 500, time.monotonic())
        if answer.status != 200:
            self.meter.upstream_error(status_kind(answer.status))
        return answer

    def failed(self, kind: str) -> None:
        """No answer came."""
        self.rate.record(False, time.monotonic())
        self.meter.upstream_error(kind)

    def _url(self, model: str, verb: str, sse: bool) -> URL:
        """Models and verbs are few, and a URL is dear to build."""
        path = f"{model}:{verb}{'?alt=sse' if sse else ''}"
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = URL(f"{self.root}/v1beta/models/{path}", encoded=True)
        return url


@dataclass(slots=True)
class Asking:
    """One call from its sending to the last of its answer."""

    gemini: Gemini
    key: str
    url: URL
    body: bytes
    answer: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> aiohttp.ClientResponse:
        self.answer = await self.gemini.post(self.key, self.url, self.body)
        return self.answer

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        assert self.answer is not None  # noqa: S101 - it was entered
        if kind is None:
            self.answer.release()
            return
        self.answer.close()
        if isinstance(error, (aiohttp.ClientError, TimeoutError)):
            self.gemini.meter.upstream_error("timeout" if isinstance(error, TimeoutError) else "broken")


async def whole(answer: aiohttp.ClientResponse, most: int = _MOST_ANSWER) -> bytes:
    """All of an answer, up to a sane size and time."""
    raw, clock = bytearray(), asyncio.get_running_loop().time
    until = clock() + LONGEST_ANSWER
    async for piece in answer.content.iter_any():
        raw += piece
        if clock() > until:
            raise TimeoutError
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
