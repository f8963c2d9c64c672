"""Hours in which an admin wants to sleep."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from manager_bot.services.quiet import EXAMPLE, QuietHours, keep_quiet
from manager_bot.telegram.callbacks import AdminGo, AdminGoto
from manager_bot.telegram.screen import Screen
from manager_bot.telegram.view import Key, View
from manager_bot.telegram.words import joined
from models import User

NEVER = ("off", "0", "-")


async def quiet(_: Message, *, command: CommandObject, user: User, screen: Screen) -> None:
    """``/quiet 22-7 Europe/Berlin``, ``/quiet off``, or what holds now; raises :class:`QuietHoursMalformed`."""
    wish = (command.args or "").strip()
    if wish:
        await keep_quiet(user, None if wish.casefold() in NEVER else QuietHours.parse(wish))
    words = screen.words
    now = words("quiet.on", hours=user.quiet_hours) if user.quiet_hours else words("quiet.off")
    back = Key(words("button.overview"), AdminGo(to=AdminGoto.OVERVIEW))
    await screen.show(
        View("admin_quiet", joined(now, words("quiet.how", example=EXAMPLE, off="/quiet off"), gap="\n\n"), ([back],))
    )


def router() -> Router:
    """The one command."""
    router = Router(name="quiet")
    router.message.register(quiet, Command("quiet"))
    return router
