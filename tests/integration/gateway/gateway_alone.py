"""A gateway as a process of its own, to be killed. Its settings come from the environment."""

from __future__ import annotations

import asyncio
import sys

from manager_bot.clock import SystemClock
from manager_bot.config import load_settings
from manager_bot.gateway.app import Gateway
from manager_bot.gateway.parts import ManagerName, gateway_parts, open_session
from manager_bot.services.outbox import Outbox
from manager_bot.vault import Vault
from models import database


async def main() -> None:
    settings = load_settings()
    async with database.connected(settings.database), open_session() as session:
        clock = SystemClock()
        vault = Vault(settings.secret_keys)
        gateway = Gateway(gateway_parts(settings, vault, clock, Outbox(clock, ()), session, manager=ManagerName()))
        await gateway.start()
        print("READY", "aiogram" in sys.modules, flush=True)  # noqa: T201 - the test reads it
        await asyncio.Event().wait()


asyncio.run(main())
