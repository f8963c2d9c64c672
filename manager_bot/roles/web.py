"""The web component's role: it asks nothing of Docker, so what strangers reach need not hold its socket."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from manager_bot.basics import Basics
from manager_bot.gateway.parts import ManagerName
from manager_bot.roles.life import show_life
from manager_bot.services.installation import manager_username
from manager_bot.services.links import Links
from manager_bot.services.status import StatusBoard
from manager_bot.texts import Texts
from web.app import WebParts
from web.linking import links_of
from web.server import Web

LEARN_SECONDS = 1.0
"""Between two questions for the manager bot's name, where another process runs the bot."""


async def start_web(basics: Basics, links: Links | None, stack: AsyncExitStack) -> None:
    """GitHub sign-in and the status page: all that strangers reach."""
    if not basics.manager.username:
        stack.callback(asyncio.create_task(_learn_manager(basics.manager), name="manager's name").cancel)
    parts = WebParts(basics.settings, Texts.load(), StatusBoard(basics.clock), basics.manager, links)
    component = Web(parts)
    await component.start()
    stack.push_async_callback(component.stop)
    await show_life(basics.clock, stack, "web")


def links_alone(basics: Basics) -> Links | None:
    """The link with GitHub, for a process that builds nothing else of it."""
    return links_of(basics.settings, basics.clock, basics.vault, basics.audit, basics.outbox)


async def _learn_manager(manager: ManagerName) -> None:
    """Ask the database until the bot, which may start later and elsewhere, has told it who it is.

    In the bot's own process Telegram may tell it while the database is being asked.
    """
    while not manager.username:
        found = await manager_username()
        manager.username = manager.username or found
        await asyncio.sleep(LEARN_SECONDS)
