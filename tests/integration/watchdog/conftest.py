"""The watched world of one test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from standin_agent import Plot
from tortoise.context import tortoise_test_context
from watched_world import ADMIN, PlotSpecs, World

from manager_bot.clock import OffsetClock
from manager_bot.runtime.docker import DockerRuntime
from manager_bot.services.audit import Audit
from manager_bot.services.incidents import Incidents
from manager_bot.services.outbox import Outbox
from manager_bot.watchdog.bell import Bell
from models.database import sqlite_url


@pytest.fixture
async def world(plot: Plot, runtime: DockerRuntime, tmp_path) -> AsyncIterator[World]:
    async with (
        tortoise_test_context(["models"], db_url=sqlite_url(tmp_path / "test.db")),
        aiohttp.ClientSession() as session,
    ):
        clock, bell = OffsetClock(), Bell()
        outbox = Outbox(clock, (ADMIN,))
        incidents = Incidents(clock, outbox, Audit(clock), bell)
        made = World(plot, runtime, PlotSpecs(plot), bell, clock, incidents, outbox, session)
        watchdog = made.build()
        await watchdog.start()
        yield made
        assert made.watchdog is not None
        await made.watchdog.stop()
        await watchdog.stop()
