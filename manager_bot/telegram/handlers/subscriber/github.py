"""Connecting and unlinking GitHub; only where the installation has it."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from manager_bot.services.audit import Actor
from manager_bot.services.links import Links
from manager_bot.telegram.callbacks import Go, Goto, Unlink, to
from manager_bot.telegram.screen import Screen
from manager_bot.telegram.screens.github import github_card, unlink_card
from models import User


async def github(_: Message | CallbackQuery, *, user: User, links: Links, screen: Screen) -> None:
    """How does it stand with GitHub?"""
    await screen.show(await github_card(screen.words, user, links))


async def ask_to_unlink(_: CallbackQuery, *, user: User, screen: Screen) -> None:
    """Sure?"""
    await screen.show(unlink_card(screen.words, user))


async def unlink(_: CallbackQuery, *, user: User, actor: Actor, links: Links, screen: Screen) -> None:
    """Sure."""
    login = await links.unlink(user, actor)
    await screen.toast(screen.words("toast.github.unlinked", login=login))
    await screen.show(await github_card(screen.words, user, links))


def router() -> Router:
    """The GitHub screens."""
    router = Router(name="github")
    router.message.register(github, Command("github"))
    router.callback_query.register(github, Go.filter(to(Goto.GITHUB)))
    router.callback_query.register(ask_to_unlink, Go.filter(to(Goto.UNLINK)))
    router.callback_query.register(unlink, Unlink.filter())
    return router
