"""Welcome, language, plan, and the way around."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.filters import LEAVE_TRANSITION, ChatMemberUpdatedFilter, Command, CommandStart, MagicData
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message

from manager_bot.services.accounts import Accounts
from manager_bot.telegram.callbacks import Go, Goto, Speak, Take, to
from manager_bot.telegram.onboarding import Onboarding
from manager_bot.telegram.screen import Screen
from manager_bot.telegram.screens.subscriber import Screens
from manager_bot.telegram.words import LANGUAGE_NAMES
from manager_bot.texts import Html
from models import User


async def start(_: Message, *, user: User, screen: Screen, screens: Screens) -> None:
    """The first message, or anyone who wants to see where they stand."""
    await screen.show(await screens.home(user))


async def welcome(_: CallbackQuery, *, user: User, screen: Screen, screens: Screens) -> None:
    """Back to the first words."""
    await screen.show(screens.welcome(user))


async def home(_: CallbackQuery, *, user: User, screen: Screen, screens: Screens) -> None:
    """Back home."""
    await screen.show(await screens.home(user))


async def cancel_press(_: CallbackQuery, *, user: User, screen: Screen, screens: Screens) -> None:
    """Out of a flow, by button."""
    await screen.toast(screen.words("note.cancelled"))
    await screen.show(await screens.home(user))


async def cancel_command(_: Message, *, user: User, screen: Screen, screens: Screens) -> None:
    """Out of a flow, by command."""
    await screen.show((await screens.home(user)).noted(screen.words("note.cancelled")))


async def language(_: Message | CallbackQuery, *, user: User, screen: Screen, screens: Screens) -> None:
    """Which language?"""
    await screen.show(screens.language(user))


async def speak(
    _: CallbackQuery, *, callback_data: Speak, user: User, accounts: Accounts, screen: Screen, screens: Screens
) -> None:
    """A language was chosen; the rest of the conversation is in it."""
    await accounts.speak(user, callback_data.language)
    await screen.toast(Html(LANGUAGE_NAMES.get(user.language, user.language)))
    await screen.show(screens.welcome(user) if callback_data.first else await screens.home(user))


async def plans(_: Message | CallbackQuery, *, user: User, screen: Screen, screens: Screens) -> None:
    """What is on offer."""
    await screen.show(await screens.plans(user))


async def take_plan(
    _: CallbackQuery, *, callback_data: Take, user: User, onboarding: Onboarding, screen: Screen, screens: Screens
) -> None:
    """A plan was picked; what stands in the way of a bot is said now, before they go and make one."""
    await onboarding.choose_plan(user, callback_data.plan)
    await screen.show(screens.bot(user))


async def help_(_: Message | CallbackQuery, *, user: User, screen: Screen, screens: Screens) -> None:
    """What can one do here?"""
    await screen.show(screens.help(user))


async def privacy(_: Message | CallbackQuery, *, user: User, screen: Screen, screens: Screens) -> None:
    """What is kept?"""
    await screen.show(screens.privacy(user))


async def unknown_text(_: Message, *, user: User, screen: Screen, screens: Screens) -> None:
    """Something nobody asked for: point to where talking helps."""
    await screen.show((await screens.home(user)).noted(screen.words("note.unknown")))


async def unknown_press(_: CallbackQuery, *, user: User, screen: Screen, screens: Screens) -> None:
    """A button of an earlier version."""
    await screen.toast(screen.words("note.old_button"))
    await screen.show(await screens.home(user))


async def hidden_edit(_: Message, *, user: User, screen: Screen, screens: Screens) -> None:
    """A token was edited into an earlier message, which is deleted by now."""
    await screen.show((await screens.home(user)).noted(screen.words("note.token_hidden")))


async def blocked(_: ChatMemberUpdated, *, user: User) -> None:
    """The person blocked the manager: nothing is sent there until they come back."""
    user.has_blocked = True
    await user.save(update_fields=["has_blocked"])


def router() -> Router:
    """Everybody's screens."""
    router = Router(name="start")
    router.message.register(start, CommandStart())
    router.message.register(start, Command("status"))
    router.message.register(cancel_command, Command("cancel"))
    router.message.register(language, Command("lang"))
    router.message.register(plans, Command("plan"))
    router.message.register(help_, Command("help"))
    router.message.register(privacy, Command("privacy"))
    on_press = router.callback_query.register
    on_press(welcome, Go.filter(to(Goto.WELCOME)))
    on_press(home, Go.filter(to(Goto.HOME)))
    on_press(cancel_press, Go.filter(to(Goto.CANCEL)))
    on_press(language, Go.filter(to(Goto.LANGUAGE)))
    on_press(plans, Go.filter(to(Goto.PLANS)))
    on_press(help_, Go.filter(to(Goto.HELP)))
    on_press(privacy, Go.filter(to(Goto.PRIVACY)))
    on_press(speak, Speak.filter())
    on_press(take_plan, Take.filter())
    router.my_chat_member.register(blocked, ChatMemberUpdatedFilter(LEAVE_TRANSITION))
    return router


def catch_all() -> Router:
    """What no other router knows."""
    router = Router(name="unknown")
    router.edited_message.register(hidden_edit, MagicData(F.hidden))
    router.message.register(unknown_text)
    router.callback_query.register(unknown_press)
    return router
