"""After a host's reboot all agents are down at once: who starts first, how many at once, and who sleeps on."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import aiohttp
import docker
import pytest
from fixtures.crowd import ANSWER, Crowd, Subscriber
from fixtures.swap import CompressedSwap

from manager_bot.demo.local import Place
from manager_bot.openclaw.health import PORT, READY_PATH
from manager_bot.roles.watchdog import STARTS_PER_CORE
from manager_bot.watchdog.gate import LONGEST

PLACES = STARTS_PER_CORE * (os.cpu_count() or 1)
LINE = 6
AGENTS = PLACES + LINE + 1
AWAY_SECONDS = 600


@pytest.fixture
async def crowd(tmp_path: Path, swap: CompressedSwap) -> AsyncIterator[Crowd]:
    place = Place(tmp_path, 18_695, 18_696, 18_697, "20070-20089", "172.30.107.0/24", "clawbot-storm")
    async with Crowd.at(place) as gathered:
        await gathered.join(AGENTS, 4)
        yield gathered


@dataclass
class Onlooker:
    """Looks at the containers from outside, as fast as it can.

    Starting is who was not ready at two looks in a row, and never before: a look takes a while, and at its end a place
    that was freed at its beginning is taken again.
    """

    crowd: Crowd
    most_starting: int = 0
    unready: set[str] = field(default_factory=set)
    ready: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)
    client: docker.APIClient = field(default_factory=docker.APIClient)

    async def watch(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while True:
                running = await asyncio.to_thread(self._running)
                self.order += [name for name in sorted(running, key=lambda n: running[n][0]) if name not in self.order]
                young = {name for name, (began, _) in running.items() if time.time() - began < LONGEST} - self.ready
                answers = await asyncio.gather(*(_is_ready(session, running[name][1]) for name in young))
                self.ready |= {name for name, ready in zip(young, answers, strict=True) if ready}
                before, self.unready = self.unready, young - self.ready
                self.most_starting = max(self.most_starting, len(before & self.unready))
                await asyncio.sleep(0.1)

    def _running(self) -> dict[str, tuple[float, int]]:
        """When each running container was started, and its health port."""
        found = self.client.containers(filters={"name": f"^/{self.crowd.local.place.name_prefix}", "status": "running"})
        states = [self.client.inspect_container(one["Id"]) for one in found]
        return {
            state["Name"].lstrip("/"): (
                datetime.fromisoformat(state["State"]["StartedAt"][:26] + "+00:00").timestamp(),
                int(state["HostConfig"]["PortBindings"][f"{PORT}/tcp"][0]["HostPort"]),
            )
            for state in states
        }


async def _is_ready(session: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://127.0.0.1:{port}{READY_PATH}") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


@pytest.mark.timeout(600)
async def test_after_a_reboot_they_start_in_bounded_order_and_sleepers_sleep_on(crowd: Crowd) -> None:
    asleep, *others = crowd.members
    waiting = others[-2:]
    await crowd.to_bed(asleep)
    await go_down(crowd)
    answers = [crowd.answer_to(member) for member in waiting]
    for member in waiting:
        await member.person.send(member.bot, "Are you back?")
    onlooker = Onlooker(crowd)
    watching = asyncio.create_task(onlooker.watch())

    await crowd.local.start_manager()
    told = [(await asyncio.wait_for(answer, 240))["message"]["text"] for answer in answers]
    await until_all_ran(onlooker, others)
    watching.cancel()

    assert told == [ANSWER, ANSWER]
    assert 0 < onlooker.most_starting <= PLACES
    # One that nobody waits for may slip in before the line stands, and two places may come free at once.
    last = onlooker.order[-(LINE - len(waiting) - 2) :]
    assert not {member.container for member in waiting} & set(last), onlooker.order
    assert asleep.container not in onlooker.order, "a sleeping agent is started when it is spoken to, not before"
    await crowd.ask(asleep, "And you?")


async def go_down(crowd: Crowd) -> None:
    """The host goes down and takes a while to come back: long enough that nobody can take an agent for polling."""
    await crowd.local.manager_process.kill()
    client = docker.APIClient()
    for member in crowd.members:
        if client.inspect_container(member.container)["State"]["Paused"]:
            client.unpause(member.container)
        client.kill(member.container)
    client.close()
    with closing(sqlite3.connect(crowd.local.data_dir / "clawbot.db")) as database, database:
        earlier = f"strftime('%Y-%m-%d %H:%M:%f+00:00', last_poll_at, '-{AWAY_SECONDS} seconds')"
        database.execute(f"UPDATE agents SET last_poll_at = {earlier}")  # noqa: S608 - our own words


async def until_all_ran(onlooker: Onlooker, members: list[Subscriber]) -> None:
    for _ in range(480):
        if {member.container for member in members} <= set(onlooker.order):
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"only {onlooker.order} ran again")
