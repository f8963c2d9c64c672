"""The menu of commands, in every language; admins have more."""

from __future__ import annotations

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat

from manager_bot.telegram.words import Words
from manager_bot.texts import DEFAULT_LANGUAGE, Texts
from models import User

log = structlog.get_logger(__name__)

EVERYBODY = ("status", "usage", "plan", "model", "restart", "logs", "lang", "help", "privacy", "cancel")
WITH_GITHUB = ("github",)
ADMINS = ("admin", "users", "quiet")


async def set_commands(bot: Bot, texts: Texts, admin_ids: tuple[int, ...], *, with_github: bool = False) -> None:
    """Tell Telegram. An admin who has never opened the chat gets theirs at the next start."""
    everybody = (*EVERYBODY, *WITH_GITHUB) if with_github else EVERYBODY
    private = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands(_menu(texts, DEFAULT_LANGUAGE, everybody), scope=private)
    for language in texts.languages:
        await bot.set_my_commands(_menu(texts, language, everybody), scope=private, language_code=language)
    for admin in admin_ids:
        user = await User.get_or_none(telegram_id=admin)
        menu = _menu(texts, user.language if user else DEFAULT_LANGUAGE, ADMINS + everybody)
        try:
            await bot.set_my_commands(menu, scope=BotCommandScopeChat(chat_id=admin))
        except TelegramBadRequest:
            log.info("admin_has_not_opened_the_chat", telegram_id=admin)


def _menu(texts: Texts, language: str, names: tuple[str, ...]) -> list[BotCommand]:
    words = Words(texts, language)
    return [BotCommand(command=name, description=words(f"command.{name}")) for name in names]
