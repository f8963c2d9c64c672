"""The manager dies by SIGKILL between its writes and its acts; the next one finishes the work, once."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from watched_world import World

from models import Agent, Cause, DesiredState, Incident, Stage
from models.database import sqlite_url

_HERE = Path(__file__).parent
_PATHS = [str(folder) for folder in (_HERE, _HERE.parent, _HERE.parents[2])]


async def _look_and_die(world: World, agent: Agent, failpoint: str, folder: Path) -> None:
    order = {
        "database": sqlite_url(folder / "test.db"),
        "mark": world.plot.mark,
        "image": world.plot.image,
        "folder": str(world.plot.folder),
        "subnet": str(world.plot.subnet),
        "first_port": world.plot.first_port,
        "agent": agent.id,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_HERE / "one_look.py"),
        json.dumps(order),
        env={**os.environ, "CLAWBOT_FAILPOINT": failpoint, "PYTHONPATH": os.pathsep.join(_PATHS)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == -9, f"{failpoint} was not reached: {output.decode()}"


@pytest.mark.parametrize("point", ["before_create", "created", "before_start", "started"])
async def test_killed_while_starting(world: World, tmp_path: Path, point: str) -> None:
    await world.watchdog.stop()
    agent = await world.agent()
    await _look_and_die(world, agent, f"keeper.{point}", tmp_path)
    await world.build().start()
    await world.reconnected(agent)
    row = await Agent.get(id=agent.id)
    assert (row.restart_count, row.trouble, row.wish_done) == (0, None, 1)
    assert len(await world.runtime.states()) == 1
    assert await Incident.all().count() == 0


@pytest.mark.parametrize("point", ["before_stop", "stopped"])
async def test_killed_while_stopping(world: World, tmp_path: Path, point: str) -> None:
    agent = await world.connected()
    await world.watchdog.stop()
    await world.wish(agent, desired_state=DesiredState.STOPPED)
    await _look_and_die(world, agent, f"keeper.{point}", tmp_path)
    await world.build().start()
    await world.until(lambda: _granted(agent))
    assert not await world.runs(agent)
    await world.stays(lambda: _granted(agent), 1)
    assert not await world.runs(agent)
    assert await Incident.all().count() == 0


@pytest.mark.parametrize("point", ["before_stop", "stopped"])
async def test_killed_while_restarting(world: World, tmp_path: Path, point: str) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    await world.watchdog.stop()
    await world.wish(agent, restart_asked_at=world.clock.now())
    await _look_and_die(world, agent, f"keeper.{point}", tmp_path)
    await world.build().start()
    await world.until(lambda: world.runs_anew(agent, before))
    await world.reconnected(agent)
    assert (await Agent.get(id=agent.id)).restart_count == 0
    assert await Incident.all().count() == 0


@pytest.mark.parametrize("point", ["before_stop", "stopped", "removed"])
async def test_killed_while_removing(world: World, tmp_path: Path, point: str) -> None:
    agent = await world.connected()
    await world.watchdog.stop()
    await world.wish(agent, desired_state=DesiredState.REMOVED)
    await _look_and_die(world, agent, f"keeper.{point}", tmp_path)
    await world.build().start()
    await world.until(lambda: _forgotten(world))


@pytest.mark.parametrize("point", ["counted", "before_create", "created", "before_start", "started"])
async def test_killed_while_healing_counts_the_crash_once(world: World, tmp_path: Path, point: str) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    await world.watchdog.stop()
    world.kill(agent)
    await _look_and_die(world, agent, f"keeper.{point}", tmp_path)
    await world.build().start()
    await world.until(lambda: world.runs_anew(agent, before))
    await world.until(lambda: world.is_stage(agent, Stage.CONNECTING))
    await world.reconnected(agent)
    assert (await Agent.get(id=agent.id)).restart_count == 1
    assert len(await world.runtime.states()) == 1
    incidents = await Incident.all()
    assert [(one.cause, one.occurrences) for one in incidents] in ([(Cause.CRASHED, 1)], [])
    assert not [one for one in incidents if one.closed_at is None]
    assert incidents or point == "counted", "only a death before the incident was saved may leave none"


async def _granted(agent: Agent) -> bool:
    row = await Agent.get(id=agent.id)
    return row.wish == row.wish_done


async def _forgotten(world: World) -> bool:
    return not await world.runtime.states() and not await Agent.all().count()
