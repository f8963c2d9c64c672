"""Speaking to Telegram: the session, patience with its bad moments, and what its errors mean."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import structlog
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import LinkPreviewOptions
from pydantic import SecretStr

from manager_bot.redaction import redact

log = structlog.get_logger(__name__)

PASSING: tuple[type[Exception], ...] = (TelegramNetworkError, TelegramServerError, ClientDecodeError)
"""What passes by itself: no connection, 5xx, and an HTML page from a proxy in front of Telegram."""

PAUSES = (0.5, 2.0, 5.0, 10.0)
"""Seconds between repetitions for whoever can wait: a person who gets no answer asks again anyway."""

_TOKEN = re.compile(r"(?<![0-9])[0-9]{5,20}:[A-Za-z0-9_-]{20,}", re.ASCII)


class Patience(BaseRequestMiddleware):
    """Waits out flood limits and short failures, so that a handler need not.

    *pauses* are the seconds before each repetition after a failure that passes; *longest_wait* is the most seconds
    Telegram may ask us to wait. Polling is left alone: :class:`~manager_bot.telegram.polling.Polling` has its own.
    """

    def __init__(self, pauses: Sequence[float], longest_wait: int = 60) -> None:
        self.pauses = pauses
        self.longest_wait = longest_wait

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        if method.__api_method__ == GetUpdates.__api_method__:
            return await make_request(bot, method)
        for pause in self.pauses:
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as error:
                if error.retry_after > self.longest_wait:
                    raise
                await asyncio.sleep(error.retry_after)
            except PASSING as error:
                log.warning("telegram_call_repeated", method=type(method).__name__, error=brief(error), pause=pause)
                await asyncio.sleep(pause)
        return await make_request(bot, method)


def brief(error: BaseException) -> str:
    """One line for the log, without any token an address in it may hold."""
    if isinstance(error, ClientDecodeError):
        text = "an answer that is no JSON"
    elif isinstance(error, TelegramAPIError):
        text = error.message
    else:
        text = str(error)
    return f"{type(error).__name__}: {redact(text)}".splitlines()[0][:200]


def has_token(text: str) -> bool:
    """Whether *text* contains something like a bot token, also one a few characters short."""
    return _TOKEN.search(text) is not None


def open_session(api_root: str, pauses: Sequence[float] = PAUSES) -> AiohttpSession:
    """A session for the Bot API at *api_root*; several bots may share it. Without *pauses* it tries once."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(api_root), timeout=30)
    session.middleware(Patience(pauses))
    return session


def make_bot(token: SecretStr, session: AiohttpSession) -> Bot:
    """A bot that writes HTML without link previews."""
    return Bot(
        token.get_secret_value(),
        session=session,
        default=DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview=LinkPreviewOptions(is_disabled=True)),
    )
