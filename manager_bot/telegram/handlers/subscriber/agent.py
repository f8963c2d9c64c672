"""One's own agent: start, stop, restart, sleep, wake, usage, logs."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from manager_bot.services.agents import Agents
from manager_bot.services.audit import Actor
from manager_bot.telegram.callbacks import Ask, Go, Goto, Verb, asks, to
from manager_bot.telegram.screen import Screen
from manager_bot.telegram.screens.subscriber import Screens
from models import User


async def start_agent(
    _: CallbackQuery, *, user: User, actor: Actor, agents: Agents, screen: Screen, screens: Screens
) -> None:
    """The owner presses Start."""
    await agents.start(user, actor)
    await screen.show(await screens.home(user))


async def stop_agent(
    _: CallbackQuery, *, user: User, actor: Actor, agents: Agents, screen: Screen, screens: Screens
) -> None:
    """The owner presses Stop."""
    await agents.stop(user, actor)
    await screen.show(await screens.home(user))


async def restart_agent(
    _: Message | CallbackQuery, *, user: User, actor: Actor, agents: Agents, screen: Screen, screens: Screens
) -> None:
    """The owner wants a fresh start."""
    await agents.restart(user, actor)
    await screen.show(await screens.home(user))


async def sleep_agent(
    _: CallbackQuery, *, user: User, actor: Actor, agents: Agents, screen: Screen, screens: Screens
) -> None:
    """The owner will not need it for a while."""
    await agents.sleep(user, actor)
    await screen.show(await screens.home(user))


async def wake_agent(
    _: CallbackQuery, *, user: User, actor: Actor, agents: Agents, screen: Screen, screens: Screens
) -> None:
    """The owner wants it ready before they write."""
    await agents.wake(user, actor)
    await screen.show(await screens.home(user))


async def usage(_: Message | CallbackQuery, *, user: User, screen: Screen, screens: Screens) -> None:
    """What was spent?"""
    await screen.show(await screens.usage(user))


async def logs(_: Message | CallbackQuery, *, user: User, screen: Screen, screens: Screens) -> None:
    """What did it write?"""
    await screen.show(await screens.logs(user))


def router() -> Router:
    """The agent's buttons and commands."""
    router = Router(name="agent")
    router.callback_query.register(start_agent, Ask.filter(asks(Verb.START)))
    router.callback_query.register(stop_agent, Ask.filter(asks(Verb.STOP)))
    router.callback_query.register(restart_agent, Ask.filter(asks(Verb.RESTART)))
    router.callback_query.register(sleep_agent, Ask.filter(asks(Verb.SLEEP)))
    router.callback_query.register(wake_agent, Ask.filter(asks(Verb.WAKE)))
    router.callback_query.register(usage, Go.filter(to(Goto.USAGE)))
    router.callback_query.register(logs, Go.filter(to(Goto.LOGS)))
    router.message.register(restart_agent, Command("restart"))
    router.message.register(usage, Command("usage"))
    router.message.register(logs, Command("logs"))
    return router
