"""A health port that somebody else of the host took between its reservation and the start."""

from __future__ import annotations

import socket
from contextlib import closing

from watched_world import World

from models import Agent, Incident, Stage, Trouble


async def test_a_port_taken_by_another_program_is_exchanged_without_an_attempt(world: World) -> None:
    with closing(socket.create_server(("127.0.0.1", world.plot.first_port + 1))):
        agent = await world.agent()
        await world.until(lambda: world.is_stage(agent, Stage.CONNECTING))
        await world.poll(agent)
        await world.until(lambda: world.is_stage(agent, Stage.CONNECTED))
    row = await Agent.get(id=agent.id)
    assert row.container_port != world.plot.first_port + 1
    assert world.plot.ports[0] <= row.container_port <= world.plot.ports[1]
    assert (row.restart_count, row.trouble) == (0, None)
    assert await Incident.all().count() == 0
    assert len(await world.runtime.states()) == 1


async def test_where_no_port_is_left_the_attempt_counts(world: World) -> None:
    port = world.plot.first_port + 1
    assert world.watchdog is not None
    world.watchdog.keeper.ports = (port, port)
    with closing(socket.create_server(("127.0.0.1", port))):
        agent = await world.agent()
        await world.until(lambda: _has_trouble(agent, Trouble.START_FAILED))
    row = await Agent.get(id=agent.id)
    assert (row.container_port, row.restart_count) == (port, 1)
    world.pass_time(seconds=15)
    await world.until(lambda: world.is_stage(agent, Stage.CONNECTING))


async def _has_trouble(agent: Agent, trouble: Trouble) -> bool:
    return (await Agent.get(id=agent.id)).trouble is trouble
