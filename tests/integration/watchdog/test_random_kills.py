"""The manager is killed at random moments while people wish and containers die; afterwards all is as it should be."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import docker
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
from models import Agent, ContainerStatus, DesiredState, Incident, Stage
from models.database import sqlite_url

_HERE = Path(__file__).parent
_PATHS = [str(folder) for folder in (_HERE, _HERE.parent, _HERE.parents[2])]
AGENTS = 4


@pytest.fixture
async def still(plot: Plot, runtime: DockerRuntime, tmp_path: Path) -> AsyncIterator[World]:
    """A world whose watchdog lives elsewhere."""
    async with (
        tortoise_test_context(["models"], db_url=sqlite_url(tmp_path / "test.db")),
        aiohttp.ClientSession() as session,
    ):
        clock, bell = OffsetClock(), Bell()
        outbox = Outbox(clock, (ADMIN,))
        yield World(
            plot, runtime, PlotSpecs(plot), bell, clock, Incidents(clock, outbox, Audit(clock), bell), outbox, session
        )


async def _born(world: World, folder: Path) -> asyncio.subprocess.Process:
    order = {
        "database": sqlite_url(folder / "test.db"),
        "mark": world.plot.mark,
        "image": world.plot.image,
        "folder": str(world.plot.folder),
        "subnet": str(world.plot.subnet),
        "first_port": world.plot.first_port,
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_HERE / "whole_watchdog.py"),
        json.dumps(order),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(_PATHS)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdout is not None
    while (line := await child.stdout.readline()).strip() != b"ready":
        assert line, "the watchdog did not start"
    drain = asyncio.create_task(child.stdout.read())
    drain.add_done_callback(lambda done: done.cancelled() or done.exception())
    return child


class Mischief:
    """Wishes and deaths by a seeded die; it knows how many deaths it caused."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world, self.dice = world, dice
        self.deaths: Counter[int] = Counter()

    async def act(self) -> None:
        agent = self.dice.choice(await Agent.all().order_by("id"))
        acts = (self._kill, self._remove, self._stop, self._start, self._restart, self._suspend, self._resume)
        await self.dice.choices(acts, (4, 2, 2, 4, 3, 1, 3))[0](agent)

    async def _kill(self, agent: Agent) -> None:
        self.deaths[agent.id] += 1
        with suppress(docker.errors.APIError, ValueError):
            await asyncio.to_thread(self.world.kill, agent)

    async def _remove(self, agent: Agent) -> None:
        self.deaths[agent.id] += 1
        with suppress(docker.errors.APIError, ValueError):
            await asyncio.to_thread(self.world.kill, agent, remove=True)

    async def _stop(self, agent: Agent) -> None:
        await self.world.wish(agent, desired_state=DesiredState.STOPPED)

    async def _start(self, agent: Agent) -> None:
        await self.world.wish(agent, desired_state=DesiredState.RUNNING)

    async def _restart(self, agent: Agent) -> None:
        await self.world.wish(
            agent, desired_state=DesiredState.RUNNING, restart_asked_at=self.world.clock.now(), next_attempt_at=None
        )

    async def _suspend(self, agent: Agent) -> None:
        await self.world.set_active(agent, False)

    async def _resume(self, agent: Agent) -> None:
        await self.world.set_active(agent, True)


async def _kill_at_random(world: World, folder: Path, kills: int) -> None:
    seed = int(os.environ.get("CLAWBOT_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
    sys.stdout.write(f"seed: CLAWBOT_TEST_SEED={seed}\n")
    mischief = Mischief(world, random.Random(seed))  # noqa: S311 - dice
    for _ in range(AGENTS):
        await world.agent("pro")
    for _ in range(kills):
        child = await _born(world, folder)
        for _ in range(mischief.dice.randrange(1, 4)):
            await mischief.act()
            await asyncio.sleep(mischief.dice.uniform(0, 0.5))
        child.kill()
        assert await child.wait() == -9
    await _counters_are_consistent(mischief)
    child = await _born(world, folder)
    try:
        await _everything_comes_right(world)
    finally:
        child.kill()
        await child.wait()


async def _counters_are_consistent(mischief: Mischief) -> None:
    """No death is counted twice, whenever the counting process died."""
    for agent in await Agent.all():
        assert agent.restart_count <= mischief.deaths[agent.id]
        told = sum(one.occurrences for one in await Incident.filter(agent_id=agent.id))
        assert told <= mischief.deaths[agent.id]


async def _everything_comes_right(world: World) -> None:
    """People wish for all but one agent; that one is stopped."""
    agents = await Agent.all().order_by("id")
    fresh = {"restart_count": 0, "next_attempt_at": None, "trouble": None, "desired_state": DesiredState.RUNNING}
    for agent in agents:
        await world.set_active(agent, True)
        await world.wish(agent, **{**fresh, **({"desired_state": DesiredState.STOPPED} if agent is agents[0] else {})})
    await world.until(lambda: _settled(world), 60)
    await world.stays(lambda: _settled(world), 2)
    assert not await Incident.filter(closed_at=None).exists()


async def _settled(world: World) -> bool:
    agents = await Agent.all().order_by("id")
    states = await world.runtime.states()
    per_agent = Counter(state.agent_id for state in states)
    running = {state.agent_id for state in states if state.status is ContainerStatus.RUNNING}
    wanted = {agent.id for agent in agents if agent.desired_state is DesiredState.RUNNING}
    none_doubled = all(count == 1 for count in per_agent.values())
    no_orphan = per_agent.keys() <= {agent.id for agent in agents}
    granted = all(agent.wish == agent.wish_done for agent in agents)
    connected = all(agent.stage is Stage.CONNECTED and agent.trouble is None for agent in agents if agent.id in wanted)
    return none_doubled and no_orphan and granted and connected and running == wanted


@pytest.mark.timeout(300)
async def test_ten_kills_at_random_moments(still: World, tmp_path: Path) -> None:
    await _kill_at_random(still, tmp_path, 10)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_two_hundred_kills_at_random_moments(still: World, tmp_path: Path) -> None:
    await _kill_at_random(still, tmp_path, 200)
