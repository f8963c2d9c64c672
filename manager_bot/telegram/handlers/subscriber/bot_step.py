"""From a bot, pasted or made by one tap, to an agent."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.filters import MagicData
from aiogram.types import CallbackQuery, ManagedBotUpdated, Message
from pydantic import SecretStr

from manager_bot.services.registration import Registration
from manager_bot.telegram.callbacks import Go, Goto, to
from manager_bot.telegram.onboarding import Onboarding
from manager_bot.telegram.screen import Screen
from manager_bot.telegram.screens.subscriber import Screens
from manager_bot.telegram.states import BotStep
from models import User


async def ask_for_bot(
    _: CallbackQuery, *, user: User, registration: Registration, screen: Screen, screens: Screens
) -> None:
    """The bot step, by button."""
    await registration.ready_for(user)
    await screen.show(screens.bot(user))


async def pasted(
    _: Message, *, secret: SecretStr, user: User, onboarding: Onboarding, screen: Screen, screens: Screens
) -> None:
    """A token, at whatever moment; its message is deleted already. Asking Telegram takes seconds, so say so."""
    await screen.show(screens.checking(user))
    await onboarding.pasted(user, secret)
    await screen.show(await screens.home(user))


async def not_a_token(_: Message, *, user: User, screen: Screen, screens: Screens) -> None:
    """Words where a token is awaited."""
    await screen.show(screens.bot(user).noted(screen.words("error.token.malformed")))


async def created(message: Message, *, user: User, onboarding: Onboarding, screen: Screen, screens: Screens) -> None:
    """Telegram says in the chat that the person made a bot by one tap."""
    made = message.managed_bot_created
    await onboarding.managed(user, made.bot_user.id if made else 0)
    await screen.show(await screens.home(user))


async def handed_over(
    event: ManagedBotUpdated, *, user: User, onboarding: Onboarding, screen: Screen, screens: Screens
) -> None:
    """The same news as an update of its own, which may come first, or alone (from a link); or of a new token."""
    if await onboarding.is_news(user, event.bot_user.id):
        await onboarding.managed(user, event.bot_user.id)
        await screen.show(await screens.home(user))
    else:
        await onboarding.renewed(user, event.bot_user.id)


def router() -> Router:
    """The bot step."""
    router = Router(name="bot_step")
    router.callback_query.register(ask_for_bot, Go.filter(to(Goto.BOT)))
    router.message.register(created, F.managed_bot_created)
    router.managed_bot.register(handed_over)
    router.message.register(pasted, MagicData(F.hidden))
    router.message.register(not_a_token, BotStep.token, F.text, ~F.text.startswith("/"))
    return router
