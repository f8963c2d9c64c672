"""The watchdog's role, and the jobs beside it."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack

import aiohttp

from manager_bot.core import Core
from manager_bot.host import image_of
from manager_bot.jobs.disk import DiskWatch
from manager_bot.jobs.schedule import Jobs
from manager_bot.jobs.usual import usual_jobs
from manager_bot.runtime.engine import host_booted_at
from manager_bot.runtime.kernel import memory_now
from manager_bot.services.agents import Agents
from manager_bot.services.specs import Specs
from manager_bot.services.timers import OwnTimers
from manager_bot.services.undertaker import Undertaker
from manager_bot.watchdog.bedtime import Bedtime
from manager_bot.watchdog.chronicle import Chronicle
from manager_bot.watchdog.deadman import Deadman
from manager_bot.watchdog.gate import StartGate
from manager_bot.watchdog.health import HealthProbe
from manager_bot.watchdog.keeper import Keeper
from manager_bot.watchdog.relief import Relief
from manager_bot.watchdog.rounds import Rounds
from manager_bot.watchdog.watchdog import Watchdog

BOOST_CPUS = 2.0
"""Cores an agent may use until it is connected, and when it wakes: a start takes eight seconds of CPU on any plan."""
STARTS_PER_CORE = 2
"""Agents that start at once: half of a start is waiting."""


async def start_watchdog(core: Core, stack: AsyncExitStack) -> None:
    """What makes Docker match the database, and the jobs beside it."""
    runtime, settings = core.host.runtime, core.settings
    session = await stack.enter_async_context(aiohttp.ClientSession())
    probe = HealthProbe(session)
    undertaker = Undertaker(core.files, core.clock, core.outbox, core.audit)
    chronicle = Chronicle(runtime, core.incidents, core.clock)
    keeper = Keeper(
        runtime=runtime,
        specs=Specs(
            files=core.files,
            image=image_of(settings),
            gateway_url=f"http://{settings.gateway_address}:{settings.gateway_port}",
            vault=core.vault,
            sizing=core.sizing,
        ),
        undertaker=undertaker,
        chronicle=chronicle,
        bedtime=Bedtime(runtime, chronicle, OwnTimers(core.files, core.clock), core.clock, BOOST_CPUS),
        gate=StartGate(STARTS_PER_CORE * (os.cpu_count() or 1), core.bell.poke),
        clock=core.clock,
        boost=BOOST_CPUS,
        ports=settings.agent_ports,
        booted_at=host_booted_at(),
    )
    rounds = Rounds(keeper, runtime, probe, core.bell, core.clock, settings.sleep_after_of)
    relief = Relief(
        memory_now, runtime, core.incidents, core.clock, settings.sleep_after_of, core.sizing.needs.left_asleep
    )
    watchdog = Watchdog(keeper, rounds, runtime, core.incidents, core.outbox, core.bell, core.clock, relief=relief)
    if settings.deadman_url.get_secret_value():
        watchdog.deadman = Deadman(settings.deadman_url, session)
    await watchdog.start()
    stack.push_async_callback(watchdog.stop)
    _start_jobs(core, undertaker, stack)


def _start_jobs(core: Core, undertaker: Undertaker, stack: AsyncExitStack) -> None:
    """What happens by the clock; once in an installation, hence beside the watchdog."""
    agents = Agents(core.clock, core.host.runtime, core.audit, core.bell)
    disk = DiskWatch(core.clock, core.files, agents, core.outbox, core.incidents)
    jobs = Jobs(usual_jobs(core.clock, undertaker, disk, core.links))
    jobs.start()
    stack.push_async_callback(jobs.stop)
