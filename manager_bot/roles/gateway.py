"""The gateway's role: nothing here, nor in what it imports, is of Docker, the web component or aiogram."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack

from manager_bot.basics import Basics
from manager_bot.gateway.app import Gateway
from manager_bot.gateway.outage import GeminiOutage
from manager_bot.gateway.parts import gateway_parts, open_session
from manager_bot.roles.life import show_life
from manager_bot.services.installation import installation_mark, manager_username


async def start_gateway(core: Basics, stack: AsyncExitStack) -> None:
    """The agents' doors."""
    core.manager.username = await manager_username()
    session = await stack.enter_async_context(open_session())
    parts = gateway_parts(
        core.settings,
        core.vault,
        core.clock,
        core.outbox,
        session,
        manager=core.manager,
        budgets=core.budgets,
        incidents=core.incidents,
        wakeup=core.bell,
        report=core.bell,
    )
    gateway = Gateway(parts)
    await gateway.start()
    stack.push_async_callback(gateway.stop)
    stack.callback(asyncio.create_task(GeminiOutage(parts.rate, core.incidents).run(), name="gemini outage").cancel)
    await show_life(core.clock, stack, "gateway")


async def ensure_bridge(basics: Basics) -> None:
    """The address agents reach us at is there afterwards.

    Where the watchdog or an earlier start made the agents' network, Docker is not asked, nor loaded.
    """
    if _is_ours(basics.settings.gateway_address):
        return
    from manager_bot.host import Host  # noqa: PLC0415 - the docker SDK, for the first start of all

    host = Host.of(basics.settings, await installation_mark())
    try:
        await host.prepare()
    finally:
        host.runtime.close()


def _is_ours(address: str) -> bool:
    """Whether this host has *address*; a name is left to the listener, which says what is wrong with it."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except socket.gaierror:
            return True
        except OSError:
            return False
    return True
