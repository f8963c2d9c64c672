"""What people wish of an agent, and nobody's cause of trouble: start, stop, restart, change, remove."""

from __future__ import annotations

import docker
from watched_world import Down, World

from models import Agent, DesiredState, Incident, Stage


async def test_an_agent_starts_and_is_connected_only_when_ready_and_polling(world: World) -> None:
    agent = await world.agent()
    await world.until(lambda: world.is_stage(agent, Stage.CONNECTING))
    await world.stays(lambda: world.is_stage(agent, Stage.CONNECTING), 1)
    assert _quota(world, agent) == 200_000
    await world.poll(agent)
    await world.until(lambda: world.is_stage(agent, Stage.CONNECTED))
    assert _quota(world, agent) == 50_000
    row = await Agent.get(id=agent.id)
    assert (row.wish_done, row.trouble, row.restart_count) == (1, None, 0)
    assert row.revision > 5
    assert await world.events(agent) == [("started", "info"), ("connected", "info")]
    assert await Incident.all().count() == 0


async def test_polling_without_being_ready_is_not_connected(world: World) -> None:
    world.plot.behave(1, "not-ready")
    agent = await world.agent()
    await world.until(lambda: world.is_stage(agent, Stage.CONNECTING))
    await world.poll(agent)
    await world.stays(lambda: world.is_stage(agent, Stage.CONNECTING), 1)
    world.plot.behave(1, "run")
    await world.until(lambda: world.is_stage(agent, Stage.CONNECTED))


async def test_intended_stop_nothing(world: World) -> None:
    agent = await world.connected()
    await world.wish(agent, desired_state=DesiredState.STOPPED)
    await world.until(lambda: world.is_down(agent))
    await world.stays(lambda: world.is_down(agent), 2.5)
    assert await Incident.all().count() == 0
    row = await Agent.get(id=agent.id)
    assert (row.wish, row.wish_done, row.restart_count) == (2, 2, 0)
    await world.wish(agent, desired_state=DesiredState.RUNNING)
    await world.reconnected(agent)
    assert (await Agent.get(id=agent.id)).restart_count == 0


async def test_an_orphan_is_removed_and_a_deleted_agent_leaves_nothing(world: World) -> None:
    agent = await world.connected()
    await world.runtime.create(world.plot.spec(40))
    await world.until(lambda: _count(world, 1))
    await world.wish(agent, desired_state=DesiredState.REMOVED)
    await world.until(lambda: _count(world, 0))
    await world.until(_no_agent)


async def test_a_changed_spec_and_an_asked_restart_make_a_new_start(world: World) -> None:
    agent = await world.connected()
    first = await world.state(agent)
    await world.wish(agent, restart_asked_at=world.clock.now())
    await world.until(lambda: world.runs_anew(agent, first))
    await world.reconnected(agent)
    second = await world.state(agent)
    assert second.container_id == first.container_id
    world.specs.changes = {"memory_mb": 48}
    await world.wish(agent)
    await world.until(lambda: world.runs_anew(agent, second))
    await world.reconnected(agent)
    assert (await world.state(agent)).container_id != second.container_id
    assert (await Agent.get(id=agent.id)).restart_count == 0


async def test_a_stopped_agent_stays_stopped_when_docker_was_down(world: World) -> None:
    agent = await world.connected()
    down = Down(world.runtime)
    await world.watchdog.stop()
    await world.build(down).start()
    down.is_down = True
    await world.wish(agent, desired_state=DesiredState.STOPPED)
    await world.stays(lambda: world.runs(agent), 1)
    down.is_down = False
    await world.until(lambda: world.is_down(agent))
    await world.stays(lambda: world.is_down(agent), 2)


def _quota(world: World, agent: Agent) -> int:
    client = docker.APIClient()
    try:
        return client.inspect_container(world.plot.name(agent.id))["HostConfig"]["CpuQuota"]
    finally:
        client.close()


async def _count(world: World, count: int) -> bool:
    return len(await world.runtime.states()) == count


async def _no_agent() -> bool:
    return not await Agent.all().count()
