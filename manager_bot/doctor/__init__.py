"""``clawbot doctor``: is everything there that ClawBot needs, and if not, what is the cure?

Each check is a small function from facts to findings; only :func:`examine` decides what can be asked at all.
"""

from __future__ import annotations

import asyncio

import aiohttp

from manager_bot.clock import Clock, SystemClock
from manager_bot.config import Settings
from manager_bot.doctor.check import Check, Verdict
from manager_bot.doctor.database import look_into_database
from manager_bot.doctor.disk import check_disk
from manager_bot.doctor.engine import check_engine, find_engine
from manager_bot.doctor.firewall import check_firewall
from manager_bot.doctor.gemini import check_gemini
from manager_bot.doctor.host import HostChecks, look_at_kernel
from manager_bot.doctor.image import check_image, check_memory
from manager_bot.doctor.ports import check_ports
from manager_bot.doctor.report import show
from manager_bot.doctor.settings import read_settings
from manager_bot.doctor.telegram import check_telegram
from manager_bot.doctor.watchdog import check_watchdog
from manager_bot.host import sizing_of

__all__ = ["Check", "Verdict", "examine", "show"]

_TIMEOUT = aiohttp.ClientTimeout(total=10)


async def examine(clock: Clock | None = None) -> list[Check]:
    """Every check, in the order an operator would mend them; without valid settings nothing else can be asked."""
    settings, found = read_settings()
    if settings is None:
        return found
    now = (clock or SystemClock()).now()
    database = await look_into_database(settings)
    return [
        *found,
        *await _ask_the_internet(settings),
        *await _ask_the_engine(settings),
        await check_firewall(settings, database.mark),
        *database.checks,
        *await asyncio.to_thread(check_disk, settings),
        *await asyncio.to_thread(check_ports, settings, database.heartbeats, now),
        check_watchdog(database.heartbeats, now),
    ]


async def _ask_the_internet(settings: Settings) -> list[Check]:
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        telegram, gemini = await asyncio.gather(check_telegram(session, settings), check_gemini(session, settings))
    return [*telegram, *gemini]


async def _ask_the_engine(settings: Settings) -> list[Check]:
    engine = await find_engine()
    image, needs = await check_image(settings, engine)
    checks = [*check_engine(engine), image]
    if engine and needs:
        sizing = sizing_of(settings, engine.memory_mb, engine.swap_mb, needs)
        kernel = await asyncio.to_thread(look_at_kernel)
        checks += HostChecks(kernel, needs, sizing).all() if kernel else []
        checks += check_memory(sizing)
    return checks
