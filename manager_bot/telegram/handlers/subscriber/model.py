"""Choosing the class of model that answers."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from manager_bot.services.wishes import wish_for
from manager_bot.telegram.callbacks import Go, Goto, Wish, to
from manager_bot.telegram.screen import Screen
from manager_bot.telegram.screens.model import model_card
from models import User


async def model(_: Message | CallbackQuery, *, user: User, screen: Screen) -> None:
    """Which model answers me?"""
    await screen.show(model_card(screen.words, user))


async def wish(_: CallbackQuery, *, callback_data: Wish, user: User, screen: Screen) -> None:
    """This one, please."""
    await wish_for(user, callback_data.tier)
    await screen.toast(screen.words("toast.model"))
    await screen.show(model_card(screen.words, user))


def router() -> Router:
    """The model screen."""
    router = Router(name="model")
    router.message.register(model, Command("model"))
    router.callback_query.register(model, Go.filter(to(Goto.MODEL)))
    router.callback_query.register(wish, Wish.filter())
    return router
