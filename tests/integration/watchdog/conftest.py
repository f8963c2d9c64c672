"""The watched world of one test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest
from fixtures.second_engine import SecondEngine
from standin_agent import Plot, build_image, new_plot
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
async def world(plot: Plot, runtime: DockerRuntime, tmp_path: Path) -> AsyncIterator[World]:
    """Watched already."""
    async with watched(plot, runtime, tmp_path) as made:
        yield made


@asynccontextmanager
async def watched(
    plot: Plot, runtime: DockerRuntime, folder: Path, engine_url: str | None = None
) -> AsyncIterator[World]:
    """A world of the test's own on a new database."""
    async with (
        tortoise_test_context(["models"], db_url=sqlite_url(folder / "test.db")),
        aiohttp.ClientSession() as session,
    ):
        clock, bell = OffsetClock(), Bell()
        outbox = Outbox(clock, (ADMIN,))
        incidents = Incidents(clock, outbox, Audit(clock), bell)
        made = World(plot, runtime, PlotSpecs(plot), bell, clock, incidents, outbox, session, engine_url=engine_url)
        watchdog = made.build()
        await watchdog.start()
        yield made
        assert made.watchdog is not None
        await made.watchdog.stop()
        await watchdog.stop()


@pytest.fixture
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[SecondEngine]:
    """An engine of the test's own; its parameter is how :class:`SecondEngine` is made."""
    made = SecondEngine(**request.param)
    await asyncio.to_thread(made.start)
    yield made
    await asyncio.to_thread(made.close)


@pytest.fixture
async def restless(engine: SecondEngine, tmp_path: Path) -> AsyncIterator[World]:
    """A world watched already, on that engine."""
    with closing(engine.client()) as client:
        plot = new_plot(await asyncio.to_thread(build_image, client), tmp_path)
    runtime = DockerRuntime(plot.mark, network=plot.network, subnet=plot.subnet, base_url=engine.url)
    async with watched(plot, runtime, tmp_path, engine.url) as made:
        yield made
    await runtime.dismantle()
    runtime.close()
