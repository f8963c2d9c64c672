"""Deleting one's agent: asked again, by name."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from manager_bot.services.agents import Agents
from manager_bot.services.audit import Actor
from manager_bot.telegram.callbacks import Go, Goto, to
from manager_bot.telegram.screen import Screen
from manager_bot.telegram.screens.subscriber import Screens
from manager_bot.telegram.states import Deletion
from models import User


async def ask(_: CallbackQuery, *, user: User, agents: Agents, screen: Screen, screens: Screens) -> None:
    """Are you sure? Then type its name."""
    await screen.show(screens.delete(user, await agents.of(user)))


async def typed(
    message: Message, *, user: User, actor: Actor, agents: Agents, screen: Screen, screens: Screens
) -> None:
    """The name, or not."""
    await agents.delete(user, actor, message.text or "")
    await screen.show(await screens.home(user))


def router() -> Router:
    """The deletion flow."""
    router = Router(name="deletion")
    router.callback_query.register(ask, Go.filter(to(Goto.DELETE)))
    router.message.register(typed, Deletion.name, F.text, ~F.text.startswith("/"))
    return router
