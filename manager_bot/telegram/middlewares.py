"""What happens to every update before a handler sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from aiogram import BaseMiddleware, Bot
from aiogram.dispatcher.middlewares.user_context import EVENT_CONTEXT_KEY, EventContext
from aiogram.enums import ChatType
from aiogram.fsm.context import FSMContext
from aiogram.types import Message, TelegramObject, Update
from pydantic import SecretStr

from manager_bot.redaction import redact
from manager_bot.services.accounts import Accounts, Person
from manager_bot.services.audit import Actor, Role
from manager_bot.telegram.api import brief, has_token
from manager_bot.telegram.cards import Cards, delete_message
from manager_bot.telegram.onboarding import find_token
from manager_bot.telegram.screen import Screen
from manager_bot.telegram.screens.subscriber import Screens
from manager_bot.telegram.states import BotStep
from manager_bot.telegram.words import Words
from manager_bot.texts import Texts
from models import User

log = structlog.get_logger(__name__)

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

STALE = timedelta(hours=1)
"""What was written longer ago, while the manager was away, is not acted on any more."""


class SecretGuard(BaseMiddleware):
    """Deletes every message that holds a bot token, or was meant to, before anything else can fail.

    What goes on from here is blacked out; the token itself travels as ``secret``, which no log shows.
    """

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        if not isinstance(event, Update) or (message := event.message or event.edited_message) is None:
            return await handler(event, data)
        text = message.text or message.caption or ""
        one_word = len(text.split()) == 1 and not text.startswith("/")
        asked = one_word and data.get("raw_state") == BotStep.token.state
        if not asked and not has_token(text):
            return await handler(event, data)
        bot: Bot = data["bot"]
        data["secret"] = SecretStr(find_token(text))
        data["hidden"] = True
        try:
            await delete_message(bot, message.chat.id, message.message_id)
        except Exception as error:
            log.warning("secret_not_deleted", chat_id=message.chat.id, error=brief(error))
        return await handler(_blacked_out(event, message), data)


def _blacked_out(update: Update, message: Message) -> Update:
    change: dict[str, Any] = {"text": redact(message.text) if message.text else None}
    change["caption"] = redact(message.caption) if message.caption else None
    field = "message" if update.message else "edited_message"
    return update.model_copy(update={field: message.model_copy(update=change)})


class PrivateOnly(BaseMiddleware):
    """Groups and channels are not spoken to: whatever is said there concerns one person's agent."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        context: EventContext = data[EVENT_CONTEXT_KEY]
        if context.user is None or context.user.is_bot or (context.chat and context.chat.type != ChatType.PRIVATE):
            return None
        return await handler(event, data)


@dataclass(frozen=True, slots=True)
class Introduction(BaseMiddleware):
    """Finds the user behind an update, made at the first meeting, and gives the handler their words and screen."""

    accounts: Accounts
    texts: Texts
    cards: Cards

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        context: EventContext = data[EVENT_CONTEXT_KEY]
        if context.user is None or not isinstance(event, Update):
            return None
        someone = context.user
        person = Person(someone.id, someone.full_name, someone.username)
        user = await self.accounts.greet(person, self.texts.nearest(someone.language_code))
        state: FSMContext = data["state"]
        words = Words(self.texts, user.language)
        below = event.message is not None and not data.get("hidden")
        screen = Screen(data["bot"], user, words, self.cards, state, event.callback_query, below)
        data.update(user=user, words=words, screen=screen, actor=Actor(user.telegram_id, Role.SUBSCRIBER))
        result = await handler(event, data)
        await screen.settle()
        return result


@dataclass(frozen=True, slots=True)
class Gate(BaseMiddleware):
    """Holds back what must not be acted on: a suspended person's wishes, and wishes from long ago."""

    screens: Screens
    admin_ids: tuple[int, ...]

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        user: User = data["user"]
        screen: Screen = data["screen"]
        if not user.is_active and user.telegram_id not in self.admin_ids:
            return await screen.show(self.screens.suspended(user))
        if isinstance(event, Update) and event.message and _age(event.message) > STALE:
            return await screen.show((await self.screens.home(user)).noted(screen.words("note.was_away")))
        return await handler(event, data)


def _age(message: Message) -> timedelta:
    return datetime.now(UTC) - message.date
