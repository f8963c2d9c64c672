"""The engine's event stream is cut: what happened meanwhile is found, counted, and told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from watched_world import World

from manager_bot.runtime.docker import DockerRuntime
from models import Agent, Cause, Incident

ENGINE = "/var/run/docker.sock"


class Relay:
    """Stands between the runtime and the engine, so that a connection can be cut without touching the engine."""

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self._path = path
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._pass_on, self._path)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Every connection ends now; new ones are let through."""
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up, down = await asyncio.open_unix_connection(ENGINE)
        self._open |= {writer, down}
        await asyncio.gather(_pour(reader, down), _pour(up, writer), return_exceptions=True)
        self._open -= {writer, down}
        for one in (writer, down):
            one.close()


async def _pour(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            into.write(data)
            await into.drain()
    with contextlib.suppress(OSError):
        into.write_eof()


@pytest.fixture
async def relay(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Relay]:
    made = Relay(tmp_path_factory.mktemp("r") / "s")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def relayed(relay: Relay, world: World) -> AsyncIterator[World]:
    """A world whose watchdog reaches the engine through the relay; the test itself does not."""
    assert world.watchdog is not None
    await world.watchdog.stop()
    runtime = DockerRuntime(world.plot.mark, network=world.plot.network, subnet=world.plot.subnet, base_url=relay.url)
    watchdog = world.build(runtime)
    await watchdog.start()
    yield world
    await watchdog.stop()
    runtime.close()


async def test_a_death_while_the_stream_is_cut_is_found_and_counted(relayed: World, relay: Relay) -> None:
    agent = await relayed.connected()
    before = await relayed.state(agent)
    assert before is not None
    relay.cut()
    relayed.kill(agent)
    await relayed.until(lambda: relayed.runs_anew(agent, before), 8)
    await relayed.reconnected(agent)
    assert (await Agent.get(id=agent.id)).restart_count == 1
    assert [one.cause for one in await Incident.all()] == [Cause.CRASHED]


async def test_cuts_alone_disturb_nobody(relayed: World, relay: Relay) -> None:
    agent = await relayed.connected()
    before = await relayed.state(agent)
    for _ in range(5):
        relay.cut()
        await asyncio.sleep(0.7)
    assert await relayed.state(agent) == before
    assert [one.cause for one in await Incident.all()] == []
    relayed.kill(agent)
    await relayed.until(lambda: relayed.incident(agent, Cause.CRASHED))
