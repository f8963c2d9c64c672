"""Asking Telegram with the real token. No address, which holds the token, leaves this module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
import orjson
from multidict import MultiDict
from pydantic import SecretStr
from yarl import URL

from manager_bot.gateway.telegram.replies import Refused, unreachable
from manager_bot.gateway.telegram.updates import Json

_MOST_ANSWER: Final = 16 * 1024 * 1024
ANSWER_IN: Final = 60.0
"""Seconds Telegram has to answer anything but a poll."""
UPLOAD_IN: Final = 600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Telegram's answer: JSON with ``ok``, whatever its status."""

    status: int
    body: bytes
    document: dict[str, Json]

    @property
    def result(self) -> Json:
        """What a call that worked gave."""
        return self.document.get("result")


Body = Mapping[str, object] | AsyncIterator[bytes] | None


@dataclass(frozen=True, slots=True)
class Telegram:
    """Calls methods and fetches files of any bot. Each call raises :class:`Refused` when Telegram is not to be had."""

    root: str
    session: aiohttp.ClientSession

    async def call(
        self, token: SecretStr, method: str, body: Body = None, *, content_type: str = "", within: float = ANSWER_IN
    ) -> Answer:
        """One method. A mapping goes as JSON (or as a form, if *content_type* says so), a stream as it is."""
        headers, data = _encoded(body, content_type)
        url = URL(f"{self.root}/bot{token.get_secret_value()}/{method}", encoded=True)
        try:
            async with self.session.post(
                url, data=data, headers=headers, allow_redirects=False, timeout=_within(within)
            ) as response:
                raw = await _whole(response)
                return Answer(response.status, raw, _parsed(raw))
        except TimeoutError:
            raise Refused(504, "Gateway Timeout: Telegram does not answer") from None
        except (aiohttp.ClientError, OSError):
            raise unreachable() from None

    def file(self, token: SecretStr, path: str) -> aiohttp.client._RequestContextManager:
        """The answer to a download, to be used as a context manager by one who maps its errors."""
        url = URL(f"{self.root}/file/bot{token.get_secret_value()}/{path}", encoded=True)
        return self.session.get(url, allow_redirects=False, timeout=_within(UPLOAD_IN))


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The body; a sane answer is small, and one agent must not fill the gateway's memory."""
    raw = bytearray()
    async for piece in response.content.iter_any():
        raw += piece
        if len(raw) > _MOST_ANSWER:
            raise unreachable()
    return bytes(raw)


def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=10)


def _encoded(body: Body, content_type: str) -> tuple[dict[str, str], object]:
    if body is None:
        return {}, None
    if isinstance(body, Mapping):
        if content_type == "application/x-www-form-urlencoded":
            return {}, aiohttp.FormData(MultiDict((name, str(value)) for name, value in body.items()))
        return {"Content-Type": "application/json"}, orjson.dumps(dict(body))
    return {"Content-Type": content_type}, body


def _parsed(raw: bytes) -> dict[str, Json]:
    """Telegram's JSON; a page of HTML from its front end is no answer."""
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise unreachable() from None
    if not isinstance(document, dict) or "ok" not in document:
        raise unreachable()
    return document
