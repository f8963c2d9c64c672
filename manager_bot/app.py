"""The composition root: builds every part once, starts the parts in order, stops them in the opposite order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack

import aiohttp
import structlog

from manager_bot.clock import Clock
from manager_bot.config import Settings
from manager_bot.core import Core, Front, build_core, front_of
from manager_bot.gateway.app import Gateway
from manager_bot.gateway.outage import GeminiOutage
from manager_bot.gateway.parts import ManagerName, gateway_parts, open_session
from manager_bot.host import image_of
from manager_bot.jobs.disk import DiskWatch
from manager_bot.jobs.schedule import Jobs
from manager_bot.jobs.usual import usual_jobs
from manager_bot.runtime.engine import host_booted_at
from manager_bot.runtime.kernel import memory_now
from manager_bot.services.agents import Agents
from manager_bot.services.installation import manager_username
from manager_bot.services.key_rotation import check_keys
from manager_bot.services.pulse import Pulse, always
from manager_bot.services.specs import Specs
from manager_bot.services.status import StatusBoard
from manager_bot.services.timers import OwnTimers
from manager_bot.services.undertaker import Undertaker
from manager_bot.texts import Texts
from manager_bot.watchdog.bedtime import Bedtime
from manager_bot.watchdog.chronicle import Chronicle
from manager_bot.watchdog.deadman import Deadman
from manager_bot.watchdog.gate import StartGate
from manager_bot.watchdog.health import HealthProbe
from manager_bot.watchdog.keeper import Keeper
from manager_bot.watchdog.relief import Relief
from manager_bot.watchdog.rounds import Rounds
from manager_bot.watchdog.watchdog import Watchdog
from models.database import open_database
from web.app import WebParts
from web.server import Web

log = structlog.get_logger(__name__)

BOOST_CPUS = 2.0
"""Cores an agent may use until it is connected, and when it wakes: a start takes eight seconds of CPU on any plan."""
STARTS_PER_CORE = 2
"""Agents that start at once: half of a start is waiting."""

LEARN_SECONDS = 1.0
"""Between two questions for the manager bot's name, where another process runs the bot."""


async def run(settings: Settings, roles: frozenset[str]) -> None:
    """Run *roles* (bot, gateway, web, watchdog) until cancelled; then drain and stop.

    A process of the web component alone asks nothing of Docker: what strangers reach need not hold its socket.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_database(settings.database, "run"))
        await check_keys(settings.secret_keys)
        if roles == {"web"}:
            await _start_web(front_of(settings), stack)
        else:
            await _start_house(settings, roles, stack)
        log.info("clawbot_started", roles=sorted(roles))
        await asyncio.Event().wait()


async def _start_house(settings: Settings, roles: frozenset[str], stack: AsyncExitStack) -> None:
    """What stands on a host with Docker, in the order in which each needs the others."""
    core = await build_core(settings, stack)
    await core.host.runtime.prepare()
    if "gateway" in roles:
        await _start_gateway(core, stack)
    if "watchdog" in roles:
        await _start_watchdog(core, stack)
    if "web" in roles:
        await _start_web(core.front, stack)
    if "bot" in roles:
        await _start_bot(core, stack)


async def _start_gateway(core: Core, stack: AsyncExitStack) -> None:
    """The agents' doors. Nothing here imports aiogram, so a process with only this role stays small."""
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
    await _show_life(core.clock, stack, "gateway")


async def _start_watchdog(core: Core, stack: AsyncExitStack) -> None:
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


async def _start_bot(core: Core, stack: AsyncExitStack) -> None:
    """The chat; waits for Telegram as long as it takes."""
    from manager_bot.chat import build_manager_bot  # noqa: PLC0415 - aiogram is loaded for this role alone

    bot = await build_manager_bot(core)
    await bot.start()
    stack.push_async_callback(bot.stop)
    await _show_life(core.clock, stack, "bot", bot.is_alive)


async def _start_web(front: Front, stack: AsyncExitStack) -> None:
    """GitHub sign-in and the status page: all that strangers reach."""
    if not front.manager.username:
        stack.callback(asyncio.create_task(_learn_manager(front.manager), name="manager's name").cancel)
    parts = WebParts(front.settings, Texts.load(), StatusBoard(front.clock), front.manager, front.links)
    component = Web(parts)
    await component.start()
    stack.push_async_callback(component.stop)
    await _show_life(front.clock, stack, "web")


async def _learn_manager(manager: ManagerName) -> None:
    """Ask the database until the bot, which may start later and elsewhere, has told it who it is."""
    while not manager.username:
        manager.username = await manager_username()
        await asyncio.sleep(LEARN_SECONDS)


async def _show_life(clock: Clock, stack: AsyncExitStack, part: str, is_alive: Callable[[], bool] = always) -> None:
    """Let others see, in the database, that *part* lives."""
    pulse = Pulse(part, clock, is_alive)
    await pulse.start()
    stack.push_async_callback(pulse.stop)
