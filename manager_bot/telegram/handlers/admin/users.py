"""The overview, people, and what an admin can do for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from manager_bot.services.accounts import Accounts
from manager_bot.services.agents import Agents
from manager_bot.services.audit import Actor
from manager_bot.services.grants import Grants
from manager_bot.telegram.callbacks import AdminGo, AdminGoto, AdminUser, AdminUsers, AdminVerb
from manager_bot.telegram.screen import Screen
from manager_bot.telegram.screens.admin import AdminScreens
from manager_bot.telegram.states import Search
from models import User

GRANT = 1_000_000
"""Tokens given by one press."""
ON_AGENT = {AdminVerb.START, AdminVerb.STOP, AdminVerb.RESTART, AdminVerb.SLEEP, AdminVerb.WAKE}


async def overview(_: Message | CallbackQuery, *, user: User, screen: Screen, admin_screens: AdminScreens) -> None:
    """How is the platform?"""
    await screen.show(await admin_screens.overview(user))


async def people(_: Message, *, user: User, screen: Screen, admin_screens: AdminScreens) -> None:
    """Who is here?"""
    await screen.show(await admin_screens.users(user))


async def turn_page(
    _: CallbackQuery, *, callback_data: AdminUsers, user: User, screen: Screen, admin_screens: AdminScreens
) -> None:
    """Another page of people."""
    await screen.show(await admin_screens.users(user, callback_data.page))


async def ask_whom(_: CallbackQuery, *, user: User, screen: Screen, admin_screens: AdminScreens) -> None:
    """Looking for somebody."""
    await screen.show(admin_screens.search(user))


async def find(message: Message, *, user: User, screen: Screen, admin_screens: AdminScreens) -> None:
    """By name or username."""
    await screen.show(await admin_screens.users(user, search=message.text or ""))


async def troubles(_: CallbackQuery, *, user: User, screen: Screen, admin_screens: AdminScreens) -> None:
    """What is wrong?"""
    await screen.show(await admin_screens.troubles(user))


async def capacity(_: CallbackQuery, *, user: User, screen: Screen, admin_screens: AdminScreens) -> None:
    """What still fits?"""
    await screen.show(await admin_screens.capacity(user))


async def show(
    _: CallbackQuery,
    *,
    callback_data: AdminUser,
    user: User,
    accounts: Accounts,
    screen: Screen,
    admin_screens: AdminScreens,
) -> None:
    """One person's card."""
    await screen.show(await admin_screens.user(user, await accounts.find(callback_data.user_id)))


async def logs(
    _: CallbackQuery,
    *,
    callback_data: AdminUser,
    user: User,
    accounts: Accounts,
    screen: Screen,
    admin_screens: AdminScreens,
) -> None:
    """What their agent wrote."""
    await screen.show(await admin_screens.logs(user, await accounts.find(callback_data.user_id)))


async def act_on_agent(
    _: CallbackQuery,
    *,
    callback_data: AdminUser,
    user: User,
    actor: Actor,
    accounts: Accounts,
    agents: Agents,
    screen: Screen,
    admin_screens: AdminScreens,
) -> None:
    """Start, stop, restart, put to sleep or wake somebody's agent."""
    owner = await accounts.find(callback_data.user_id)
    await _acts(agents)[callback_data.verb](owner, actor)
    await screen.toast(screen.words(f"toast.admin.{callback_data.verb.value}"))
    await screen.show(await admin_screens.user(user, owner))


def _acts(agents: Agents) -> dict[AdminVerb, Callable[[User, Actor], Awaitable[object]]]:
    return {
        AdminVerb.START: agents.start,
        AdminVerb.STOP: agents.stop,
        AdminVerb.RESTART: agents.restart,
        AdminVerb.SLEEP: agents.sleep,
        AdminVerb.WAKE: agents.wake,
    }


async def ask_to_suspend(
    _: CallbackQuery,
    *,
    callback_data: AdminUser,
    user: User,
    accounts: Accounts,
    screen: Screen,
    admin_screens: AdminScreens,
) -> None:
    """Sure?"""
    await screen.show(await admin_screens.sure(user, await accounts.find(callback_data.user_id)))


async def set_active(
    _: CallbackQuery,
    *,
    callback_data: AdminUser,
    user: User,
    actor: Actor,
    accounts: Accounts,
    screen: Screen,
    admin_screens: AdminScreens,
) -> None:
    """Suspend somebody, or let them back in."""
    owner = await accounts.find(callback_data.user_id)
    await accounts.set_active(owner, callback_data.verb is AdminVerb.RESUME, actor)
    await screen.show(await admin_screens.user(user, owner))


async def grant(
    query: CallbackQuery,
    *,
    callback_data: AdminUser,
    user: User,
    actor: Actor,
    accounts: Accounts,
    grants: Grants,
    screen: Screen,
    admin_screens: AdminScreens,
) -> None:
    """A million tokens more, today."""
    owner = await accounts.find(callback_data.user_id)
    await grants.give(owner, GRANT, actor, query.id)
    await screen.toast(screen.words("toast.granted", tokens=screen.words.number(GRANT)))
    await screen.show(await admin_screens.user(user, owner))


def router() -> Router:
    """Commands and buttons of the console."""
    router = Router(name="users")
    router.message.register(overview, Command("admin"))
    router.message.register(people, Command("users"))
    router.message.register(find, Search.text, F.text, ~F.text.startswith("/"))
    on_press = router.callback_query.register
    on_press(overview, AdminGo.filter(F.to == AdminGoto.OVERVIEW))
    on_press(troubles, AdminGo.filter(F.to == AdminGoto.INCIDENTS))
    on_press(capacity, AdminGo.filter(F.to == AdminGoto.CAPACITY))
    on_press(ask_whom, AdminGo.filter(F.to == AdminGoto.SEARCH))
    on_press(turn_page, AdminUsers.filter())
    on_press(show, AdminUser.filter(F.verb == AdminVerb.SHOW))
    on_press(logs, AdminUser.filter(F.verb == AdminVerb.LOGS))
    on_press(ask_to_suspend, AdminUser.filter(F.verb == AdminVerb.SUSPEND))
    on_press(set_active, AdminUser.filter(F.verb.in_({AdminVerb.SUSPEND_SURE, AdminVerb.RESUME})))
    on_press(grant, AdminUser.filter(F.verb == AdminVerb.GRANT))
    on_press(act_on_agent, AdminUser.filter(F.verb.in_(ON_AGENT)))
    return router
