"""What admins do. One filter on the whole router says who is one; a stranger meets nothing but a refusal."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, TelegramObject

from manager_bot.errors import NotAllowed
from manager_bot.services.audit import Actor, Role
from manager_bot.telegram.callbacks import ADMIN_PREFIX
from manager_bot.telegram.commands import ADMINS
from manager_bot.telegram.handlers.admin import alerts, quiet, users
from models import User


def is_admin(event: TelegramObject, user: User, admin_ids: tuple[int, ...]) -> bool | dict[str, Actor]:  # noqa: ARG001
    """Lets admins pass, and has them act in that role."""
    return {"actor": Actor(user.telegram_id, Role.ADMIN)} if user.telegram_id in admin_ids else False


async def refuse(_: Message | CallbackQuery) -> None:
    """Whoever gets here is no admin."""
    raise NotAllowed


def admin_router() -> Router:
    """The console, and behind it the refusal."""
    console = Router(name="console")
    console.message.filter(is_admin)
    console.callback_query.filter(is_admin)
    console.include_routers(quiet.router(), users.router(), alerts.router())
    refusal = Router(name="refusal")
    refusal.message.register(refuse, Command(*ADMINS))
    refusal.callback_query.register(refuse, F.data.startswith(ADMIN_PREFIX))
    router = Router(name="admin")
    router.include_routers(console, refusal)
    return router
