"""One look of a keeper in a process of its own, so that it can be killed; its order comes as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from ipaddress import IPv4Network
from pathlib import Path

from standin_agent import Plot
from tortoise import Tortoise
from watched_world import ADMIN, Digger, PlotSpecs, SetTimers

from manager_bot.clock import SystemClock
from manager_bot.runtime.docker import DockerRuntime
from manager_bot.services.audit import Audit
from manager_bot.services.incidents import Incidents
from manager_bot.services.outbox import Outbox
from manager_bot.watchdog.bedtime import Bedtime
from manager_bot.watchdog.bell import Bell
from manager_bot.watchdog.chronicle import Chronicle
from manager_bot.watchdog.gate import StartGate
from manager_bot.watchdog.keeper import Keeper
from models.database import orm_config


async def main() -> None:
    order = json.loads(sys.argv[1])
    await Tortoise.init(config=orm_config(order["database"]))
    plot = Plot(order["mark"], order["image"], Path(order["folder"]), IPv4Network(order["subnet"]), order["first_port"])
    runtime = DockerRuntime(plot.mark, network=plot.network, subnet=plot.subnet)
    clock = SystemClock()
    incidents = Incidents(clock, Outbox(clock, (ADMIN,)), Audit(clock), Bell())
    chronicle = Chronicle(runtime, incidents, clock)
    bedtime, gate = Bedtime(runtime, chronicle, SetTimers(), clock, boost=2.0), StartGate(4, Bell().poke)
    keeper = Keeper(runtime, PlotSpecs(plot), Digger(), chronicle, bedtime, gate, clock, 2.0, plot.ports)
    await keeper.converge(order["agent"])
    runtime.close()
    await Tortoise.close_connections()


if __name__ == "__main__":
    asyncio.run(main())
