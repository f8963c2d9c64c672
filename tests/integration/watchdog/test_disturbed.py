"""A locked database, a clock set to another time, and an agent that leaves in peace."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from watched_world import World

from models import Agent, Incident, Stage


async def test_a_death_while_the_database_is_locked_is_healed_when_it_is_free_again(
    world: World, tmp_path: Path
) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        world.kill(agent)
        await asyncio.sleep(6.5)  # longer than our patience with a lock, five seconds
        assert not await world.runs(agent)
        stranger.execute("ROLLBACK")
    await world.until(lambda: world.runs_anew(agent, before))
    await world.reconnected(agent)
    assert (await Agent.get(id=agent.id)).restart_count == 1


@pytest.mark.parametrize("jump", [timedelta(days=2), timedelta(days=-2)], ids=["forth", "back"])
async def test_a_jump_of_the_clock_restarts_nobody_and_a_death_after_it_heals(world: World, jump: timedelta) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    assert before is not None
    world.clock.offset += jump
    await world.stays(lambda: _same(world, agent, before), 1.5)
    assert await Incident.all().count() == 0
    world.kill(agent)
    await world.until(lambda: world.runs_anew(agent, before))
    await world.poll(agent)
    await world.until(lambda: world.is_stage(agent, Stage.CONNECTED))


async def test_an_attempt_planned_before_the_clock_was_set_back_is_not_waited_for(world: World) -> None:
    agent = await world.connected()
    world.kill(agent)
    await world.reconnected(agent)
    before = await world.state(agent)
    assert before is not None
    world.kill(agent)
    await world.until(lambda: _waits(agent))
    world.clock.offset -= timedelta(hours=3)
    await world.until(lambda: world.runs_anew(agent, before), 8)


@pytest.mark.soak
@pytest.mark.timeout(200)
async def test_a_clean_exit_after_a_minute_is_started_now_and_is_no_attempt(world: World) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    assert before is not None
    await asyncio.sleep(61)
    world.plot.behave(1, "clean")
    await world.until(lambda: _ended(world, agent, before), 10)
    world.plot.behave(1, "run")
    await world.until(lambda: world.runs_anew(agent, before))
    await world.reconnected(agent)
    assert (await Agent.get(id=agent.id)).restart_count == 0
    assert await Incident.all().count() == 0


async def _same(world: World, agent: Agent, before: object) -> bool:
    return await world.state(agent) == before


async def _waits(agent: Agent) -> bool:
    return (await Agent.get(id=agent.id)).next_attempt_at is not None


async def _ended(world: World, agent: Agent, before: object) -> bool:
    """It left, and was perhaps started again already."""
    return await world.state(agent) != before
