"""Where our errors become words."""

from __future__ import annotations

from typing import cast

import structlog
from aiogram import Router
from aiogram.exceptions import TelegramForbiddenError
from aiogram.filters import ExceptionTypeFilter
from aiogram.types import ErrorEvent

from manager_bot.errors import AgentExists, AgentMissing, ClawBotError, NotAllowed
from manager_bot.telegram.api import brief
from manager_bot.telegram.screen import Screen
from manager_bot.telegram.screens.subscriber import Screens
from models import User

log = structlog.get_logger(__name__)


async def expected(
    event: ErrorEvent, *, user: User, screen: Screen, screens: Screens, raw_state: str | None = None
) -> None:
    """A press is answered over the chat; words are answered on the card, with the step they belong to.

    A stranger gets the refusal and nothing else.
    """
    error = cast("ClawBotError", event.exception)
    words = screen.words(error.key, **error.values)
    if event.update.callback_query is not None or isinstance(error, NotAllowed):
        await screen.fail(words)
    else:
        state = None if isinstance(error, (AgentExists, AgentMissing)) else raw_state
        await screen.show((await screens.for_state(user, state)).noted(words))


async def blocked(_: ErrorEvent, *, user: User) -> None:
    """They blocked the manager before the answer came."""
    user.has_blocked = True
    await user.save(update_fields=["has_blocked"])


async def unexpected(event: ErrorEvent, *, screen: Screen | None = None) -> None:
    """A defect: logged for us, and said to the person."""
    log.error(
        "handler_failed", update_id=event.update.update_id, error=brief(event.exception), exc_info=event.exception
    )
    if screen is not None:
        await screen.fail(screen.words("error.unexpected"))


def router() -> Router:
    """The error router."""
    router = Router(name="errors")
    router.errors.register(expected, ExceptionTypeFilter(ClawBotError))
    router.errors.register(blocked, ExceptionTypeFilter(TelegramForbiddenError))
    router.errors.register(unexpected)
    return router
