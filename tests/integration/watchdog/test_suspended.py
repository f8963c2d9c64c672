"""A suspended person's agent rests, whatever happens to it, and comes back if it was meant to run."""

from __future__ import annotations

from watched_world import World

from manager_bot.services.outbox import NoticeKind
from models import Agent, ContainerStatus, DesiredState, Incident


async def test_a_suspended_persons_agent_stops_and_stays_stopped(world: World) -> None:
    agent = await world.connected()
    await world.set_active(agent, False)
    await world.until(lambda: _rests(world, agent))
    await world.stays(lambda: _rests(world, agent), 2.5)
    row = await Agent.get(id=agent.id)
    assert (row.desired_state, row.trouble, row.wish_done) == (DesiredState.RUNNING, None, row.wish)
    assert await Incident.all().count() == 0
    await world.set_active(agent, True)
    await world.reconnected(agent)
    assert (await Agent.get(id=agent.id)).restart_count == 0
    assert await world.told(1, NoticeKind.SUSPENDED) == 1


async def test_a_due_attempt_does_not_wake_a_suspended_persons_agent(world: World) -> None:
    world.plot.behave(1, "crash")
    agent = await world.agent()
    await world.until(lambda: _attempts(agent, 2))
    await world.set_active(agent, False)
    world.plot.behave(1, "run")
    world.pass_time(minutes=5)
    await world.stays(lambda: _rests(world, agent), 2.5)
    await world.watchdog.stop()
    await world.build().start()
    await world.stays(lambda: _rests(world, agent), 1.5)


async def test_who_was_stopped_before_stays_stopped_when_let_back_in(world: World) -> None:
    agent = await world.connected()
    await world.wish(agent, desired_state=DesiredState.STOPPED)
    await world.until(lambda: _rests(world, agent))
    await world.set_active(agent, False)
    await world.set_active(agent, True)
    await world.stays(lambda: _rests(world, agent), 1.5)


async def _rests(world: World, agent: Agent) -> bool:
    state = await world.state(agent)
    return state is not None and state.status is ContainerStatus.EXITED


async def _attempts(agent: Agent, count: int) -> bool:
    return (await Agent.get(id=agent.id)).restart_count >= count
