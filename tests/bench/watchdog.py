"""How long is an agent down after a death, and what does a look at fifty healthy ones cost?

Fifty stand-in containers (busybox, two megabytes) run on the real engine under the real watchdog with its usual
periods, on SQLite. They are killed one after the other, each once, by the engine's API; the time is from the engine's
FinishedAt to its next StartedAt. The same containers are then left to a loop that lists them every 5 and every 60
seconds and starts what is down. The reconcile pass (network and rules, one sparse list, one query, the comparison) is
measured alone, in the process's own CPU time, threads included. Four real OpenClaw agents, under a whole ClawBot beside
the emulated Telegram, are killed once each at the end: until they run, and until they are ready and poll again.
"""

# ruff: noqa: E402, S311 - the stand-in lives beside the integration tests; dice, not secrets

from __future__ import annotations

import asyncio
import json
import random
import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp
import docker
from rich.console import Console
from rich.table import Table
from tortoise.context import tortoise_test_context

_ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(_ROOT / part) for part in ("", "tests/bench", "tests/integration", "tests/integration/watchdog")]

import _real_agents
from standin_agent import Plot, build_image, new_plot
from watched_world import ADMIN, PlotSpecs, World

from manager_bot.clock import OffsetClock
from manager_bot.runtime.docker import DockerRuntime
from manager_bot.services.audit import Audit
from manager_bot.services.incidents import Incidents
from manager_bot.services.outbox import Outbox
from manager_bot.watchdog.bell import Bell
from manager_bot.watchdog.watchdog import Periods
from models import Agent, ContainerStatus, Stage
from models.database import sqlite_url

AGENTS, LOOP_DEATHS, PASSES = 50, 20, 20
TARGET = Path("var/bench/watchdog.json")
FOLDER = Path("var/bench-watchdog").absolute()


@dataclass(frozen=True)
class Figures:
    """Milliseconds."""

    ours: list[float]
    every_5: list[float]
    every_60: list[float]
    pass_cpu: float
    create_s: float


@asynccontextmanager
async def fifty(client: docker.APIClient) -> AsyncIterator[World]:
    """The world of the bench; whatever happens, nothing of it is left behind."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    image = build_image(client)
    plot = new_plot(image, FOLDER)
    runtime = DockerRuntime(plot.mark, network=plot.network, subnet=plot.subnet)
    database = sqlite_url(FOLDER / "bench.db")
    try:
        await runtime.prepare()
        async with tortoise_test_context(["models"], db_url=database), aiohttp.ClientSession() as session:
            yield make_world(plot, runtime, session)
    finally:
        await runtime.dismantle()
        runtime.close()
        client.remove_image(image, force=True)
        shutil.rmtree(FOLDER, ignore_errors=True)


def make_world(plot: Plot, runtime: DockerRuntime, session: aiohttp.ClientSession) -> World:
    clock, bell = OffsetClock(), Bell()
    outbox = Outbox(clock, (ADMIN,))
    incidents = Incidents(clock, outbox, Audit(clock), bell)
    return World(plot, runtime, PlotSpecs(plot), bell, clock, incidents, outbox, session, periods=Periods())


async def polls(world: World) -> None:
    """The stand-ins poll no Telegram; say that they do."""
    while True:
        running = Agent.filter(container_status=ContainerStatus.RUNNING)
        await running.update(last_poll_at=world.clock.now())
        await asyncio.sleep(1)


async def all_connected() -> bool:
    return await Agent.filter(stage=Stage.CONNECTED, trouble=None).count() == AGENTS


def outage_ms(client: docker.APIClient, world: World, agent: Agent) -> float:
    """Between the last end and the start after it, by the engine's clock."""
    state = client.inspect_container(world.plot.name(agent.id))["State"]
    ended, started = (datetime.fromisoformat(state[key][:26] + "+00:00") for key in ("FinishedAt", "StartedAt"))
    return (started - ended).total_seconds() * 1000


async def deaths(client: docker.APIClient, world: World, agents: list[Agent], pause: float) -> list[float]:
    """Kill each once, *pause* seconds apart on average; how long each was down."""
    for agent in agents:
        await asyncio.to_thread(client.kill, world.plot.name(agent.id))
        await asyncio.sleep(random.uniform(0, 2 * pause))
    await world.until(lambda: all_run(world), 150)
    return [outage_ms(client, world, agent) for agent in agents]


async def all_run(world: World) -> bool:
    states = await world.runtime.states()
    return sum(state.status is ContainerStatus.RUNNING for state in states) == AGENTS


async def loop(world: World, period: float) -> None:
    """The watchdog of many a compose file: look, start what is down, sleep."""
    while True:
        for state in await world.runtime.states():
            if state.status is ContainerStatus.EXITED:
                await world.runtime.start(state.agent_id)
        await asyncio.sleep(period)


async def with_loop(client: docker.APIClient, world: World, agents: list[Agent], period: float) -> list[float]:
    """Deaths a second or more apart, over one period at least, at moments the loop cannot know."""
    task = asyncio.create_task(loop(world, period))
    await asyncio.sleep(random.uniform(0, min(period, 5)))
    measured = await deaths(client, world, agents, max(1.0, period / len(agents)))
    task.cancel()
    return measured


async def pass_cpu_ms(world: World) -> float:
    """The median of many passes over healthy agents, nothing else going on in the process."""
    assert world.watchdog is not None
    spent = []
    for _ in range(PASSES):
        began = time.process_time()
        await world.watchdog.rounds.compare()
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)


async def measure() -> Figures:
    client = docker.APIClient()
    async with fifty(client) as world:
        began = time.monotonic()
        agents = [await world.agent("pro") for _ in range(AGENTS)]
        polling = asyncio.create_task(polls(world))
        watchdog = world.build()
        await watchdog.start()
        await world.until(all_connected, 300)
        created = time.monotonic() - began
        ours = await deaths(client, world, agents, 0.5)
        await world.until(all_connected, 120)
        await watchdog.stop()
        polling.cancel()
        cpu = await pass_cpu_ms(world)
        every_5 = await with_loop(client, world, agents[:LOOP_DEATHS], 5)
        every_60 = await with_loop(client, world, agents[:LOOP_DEATHS], 60)
    client.close()
    return Figures(ours, every_5, every_60, cpu, created)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, round(share * (len(values) - 1)))]


def tell(found: Figures) -> None:
    table = Table("restarter", "deaths", "down p50", "down p95", "longest", title="From a death to Docker's Running")
    rows = (("watchdog", found.ours), ("5 s loop", found.every_5), ("60 s loop", found.every_60))
    for name, values in rows:
        shares = (f"{percentile(values, share):,.0f} ms" for share in (0.5, 0.95, 1))
        table.add_row(name, str(len(values)), *shares)
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"A reconcile pass over {AGENTS} healthy agents: {found.pass_cpu:.1f} ms of CPU (median of {PASSES})."
    )
    console.print(f"{AGENTS} agents made, started and connected in {found.create_s:.0f} s.")
    console.print(" ".join((__doc__ or "").partition("\n\n")[2].split()), style="dim")


def tell_real(found: list[_real_agents.Return]) -> None:
    running, ready = [one.running for one in found], [one.ready_and_polling for one in found]
    Console(highlight=False).print(
        f"Real OpenClaw, {len(found)} agents killed once each: running after {statistics.median(running):.1f} s, "
        f"ready and polling after {statistics.median(ready):.1f} s (medians; longest {max(ready):.1f} s)."
    )


def main() -> None:
    found = asyncio.run(measure())
    figures = {
        "death_to_running_ms_p50": round(percentile(found.ours, 0.5)),
        "death_to_running_ms_p95": round(percentile(found.ours, 0.95)),
        "reconcile_cpu_ms": round(found.pass_cpu, 1),
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(figures, indent=2) + "\n")
    tell(found)
    tell_real(asyncio.run(_real_agents.measure()))


if __name__ == "__main__":
    main()
