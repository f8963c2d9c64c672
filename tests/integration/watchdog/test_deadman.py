"""The watcher outside hears from us while all is well, and only then."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from pydantic import SecretStr
from watched_world import Down, World

from manager_bot.watchdog.deadman import Deadman
from manager_bot.watchdog.watchdog import Periods

SWIFT = Periods(wishes=0.1, health=0.1, compare=0.2, memory=0.2, engine=0.2, remind=0.2, deadman=0.2)


class Watcher:
    def __init__(self) -> None:
        self.calls = 0
        self.url = ""

    async def hear(self, _request: web.Request) -> web.Response:
        self.calls += 1
        return web.Response()

    async def heard(self, more_than: int = 0) -> bool:
        return self.calls > more_than


@pytest.fixture
async def watcher() -> AsyncIterator[Watcher]:
    made = Watcher()
    app = web.Application()
    app.router.add_get("/ping/secret", made.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ping/secret"
    yield made
    await runner.cleanup()


async def test_it_is_called_while_all_rounds_succeed_and_not_while_the_engine_is_away(
    world: World, watcher: Watcher
) -> None:
    down = Down(world.runtime)
    await world.watchdog.stop()
    world.periods = SWIFT
    watchdog = world.build(down)
    watchdog.deadman = Deadman(SecretStr(watcher.url), world.session)
    await watchdog.start()
    await world.until(lambda: watcher.heard(2))
    down.is_down = True
    await world.until(lambda: _ails(watchdog.deadman))
    calls = watcher.calls
    await world.stays(lambda: _is(watcher, calls), 1)
    down.is_down = False
    await world.until(lambda: watcher.heard(calls))


async def test_a_watcher_that_is_away_disturbs_nobody(world: World) -> None:
    await world.watchdog.stop()
    world.periods = SWIFT
    watchdog = world.build()
    watchdog.deadman = Deadman(SecretStr("http://127.0.0.1:9/ping"), world.session)
    await watchdog.start()
    await world.connected()


async def test_a_round_that_hangs_is_not_all_well(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deadman = Deadman(SecretStr("http://127.0.0.1:9/ping"), world.session)
    deadman.expect("compare", 60)
    assert not deadman.all_well()
    deadman.ended("compare", well=True)
    assert deadman.all_well()
    now = time.monotonic()
    monkeypatch.setattr("manager_bot.watchdog.deadman.time.monotonic", lambda: now + 400)
    assert not deadman.all_well()


async def _ails(deadman: Deadman) -> bool:
    return not deadman.all_well()


async def _is(watcher: Watcher, calls: int) -> bool:
    return watcher.calls <= calls + 1
