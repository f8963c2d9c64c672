"""A whole watchdog in a process of its own, to be killed at any moment; its order comes as JSON.

It says ``ready`` once it runs. Stand-ins do not poll Telegram, so polls are written for those that run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from ipaddress import IPv4Network
from pathlib import Path

import aiohttp
from standin_agent import Plot
from tortoise import Tortoise
from tortoise.exceptions import OperationalError
from watched_world import ADMIN, PlotSpecs, World

from manager_bot.clock import OffsetClock
from manager_bot.runtime.docker import DockerRuntime
from manager_bot.services.audit import Audit
from manager_bot.services.incidents import Incidents
from manager_bot.services.outbox import Outbox
from manager_bot.watchdog.bell import Bell
from models import Agent, ContainerStatus
from models.database import orm_config


async def poll_for_ever(clock: OffsetClock) -> None:
    while True:
        with contextlib.suppress(OperationalError):
            await Agent.filter(container_status=ContainerStatus.RUNNING).update(last_poll_at=clock.now())
        await asyncio.sleep(0.3)


async def main() -> None:
    order = json.loads(sys.argv[1])
    await Tortoise.init(config=orm_config(order["database"]))
    plot = Plot(order["mark"], order["image"], Path(order["folder"]), IPv4Network(order["subnet"]), order["first_port"])
    runtime = DockerRuntime(plot.mark, network=plot.network, subnet=plot.subnet)
    clock, bell = OffsetClock(), Bell()
    outbox = Outbox(clock, (ADMIN,))
    incidents = Incidents(clock, outbox, Audit(clock), bell)
    async with aiohttp.ClientSession() as session:
        world = World(plot, runtime, PlotSpecs(plot), bell, clock, incidents, outbox, session)
        await world.build().start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await poll_for_ever(clock)


if __name__ == "__main__":
    asyncio.run(main())
