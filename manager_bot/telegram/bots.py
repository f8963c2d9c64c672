"""Asking Telegram about bots other than the manager."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from pydantic import SecretStr

from manager_bot.errors import TelegramUnavailable, TokenUnknown
from manager_bot.services.ports import BotIdentity
from manager_bot.telegram.api import make_bot, open_session

WATCH_SECONDS = 4.0
AGAIN_SECONDS = 0.4
ANSWER_SECONDS = 10
PAUSES = (0.5, 1.0)
"""A person is watching the check: better to say soon that Telegram does not answer."""


@dataclass(frozen=True, slots=True)
class TelegramBots:
    """:class:`~manager_bot.services.ports.BotDirectory` over the Bot API; no error and no log line names a token."""

    manager: Bot
    api_root: str
    watch_seconds: float = WATCH_SECONDS

    async def identify(self, token: SecretStr) -> BotIdentity:
        """Who *token* is. Telegram answers 401 to a dead token and 404 to one it cannot even read."""
        async with self._asking(token) as bot:
            me = await bot.get_me(request_timeout=ANSWER_SECONDS)
        return BotIdentity(me.id, me.username or str(me.id), me.full_name)

    async def has_webhook(self, token: SecretStr) -> bool:
        """Whether updates go to a webhook; asking disturbs nobody."""
        async with self._asking(token) as bot:
            return bool((await bot.get_webhook_info(request_timeout=ANSWER_SECONDS)).url)

    async def is_polled(self, token: SecretStr) -> bool:
        """Whether another program polls the bot, seen from how Telegram treats a poll of our own.

        Of two polls Telegram ends the older: ours first ends the rival's, and when the rival tries again, ours is
        ended. So ours must be held for longer than a rival rests. Where updates wait, no poll is held; then a rival
        shows by what it confirms: the oldest waiting update is gone. We give no offset, so we confirm nothing.
        """
        oldest: int | None = None
        end = time.monotonic() + self.watch_seconds
        async with self._asking(token) as bot:
            while (left := end - time.monotonic()) > 0:
                try:
                    updates = await bot.get_updates(limit=1, timeout=math.ceil(left), request_timeout=ANSWER_SECONDS)
                except TelegramConflictError:
                    return True
                first = updates[0].update_id if updates else None
                if oldest is not None and first != oldest:
                    return True
                oldest = first
                await asyncio.sleep(AGAIN_SECONDS if updates else 0)
        return False

    async def managed_token(self, bot_id: int) -> SecretStr:
        """The token of a bot that a person let the manager make."""
        try:
            return SecretStr(await self.manager.get_managed_bot_token(user_id=bot_id))
        except (TelegramAPIError, ClientDecodeError):
            raise TelegramUnavailable from None

    @asynccontextmanager
    async def _asking(self, token: SecretStr) -> AsyncIterator[Bot]:
        """A bot for a few questions; Telegram's errors become ours, without the address they quote."""
        session = open_session(self.api_root, PAUSES)
        try:
            yield make_bot(token, session)
        except (TelegramUnauthorizedError, TelegramNotFound):
            raise TokenUnknown from None
        except (TelegramAPIError, ClientDecodeError, TimeoutError):
            raise TelegramUnavailable from None
        finally:
            await session.close()
