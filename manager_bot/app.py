"""The composition root: builds every part once, starts the parts in order, stops them in the opposite order.

A role's modules are loaded when it is started: a process of the gateway alone holds neither aiogram nor the docker SDK.
"""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack

import structlog

from manager_bot.basics import Basics, basics_of
from manager_bot.config import Settings
from manager_bot.services.key_rotation import check_keys
from models.database import open_database

log = structlog.get_logger(__name__)


async def run(settings: Settings, roles: frozenset[str]) -> None:
    """Run *roles* (bot, gateway, web, watchdog) until cancelled; then drain and stop."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_database(settings.database, "run"))
        await check_keys(settings.secret_keys)
        basics = basics_of(settings)
        if roles & {"bot", "watchdog"}:
            await _start_house(basics, roles, stack)
        else:
            await _start_front(basics, roles, stack)
        log.info("clawbot_started", roles=sorted(roles))
        gc.collect()
        gc.freeze()  # what was built until here lives as long as the process: no need to look at it again and again
        await asyncio.Event().wait()


async def _start_house(basics: Basics, roles: frozenset[str], stack: AsyncExitStack) -> None:
    """What stands on a host with Docker, in the order in which each needs the others."""
    from manager_bot.core import build_core  # noqa: PLC0415 - see the module's docstring; so all of these

    core = await build_core(basics, stack)
    await core.host.prepare()
    if "gateway" in roles:
        from manager_bot.roles.gateway import start_gateway  # noqa: PLC0415

        await start_gateway(core, stack)
    if "watchdog" in roles:
        from manager_bot.roles.watchdog import start_watchdog  # noqa: PLC0415

        await start_watchdog(core, stack)
    if "web" in roles:
        from manager_bot.roles.web import start_web  # noqa: PLC0415

        await start_web(core, core.links, stack)
    if "bot" in roles:
        from manager_bot.roles.bot import start_bot  # noqa: PLC0415

        await start_bot(core, stack)


async def _start_front(basics: Basics, roles: frozenset[str], stack: AsyncExitStack) -> None:
    """What needs no Docker: the agents' doors and the pages."""
    if "gateway" in roles:
        from manager_bot.roles.gateway import ensure_bridge, start_gateway  # noqa: PLC0415

        await ensure_bridge(basics)
        await start_gateway(basics, stack)
    if "web" in roles:
        from manager_bot.roles.web import links_alone, start_web  # noqa: PLC0415

        await start_web(basics, links_alone(basics), stack)
