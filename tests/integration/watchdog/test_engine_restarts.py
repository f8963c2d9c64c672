"""The Docker daemon itself restarted and killed, with live-restore and without: a real one, of the test's own."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter

import pytest
from fixtures.second_engine import SecondEngine
from watched_world import ADMIN, World

from manager_bot.runtime.docker import DockerRuntime
from manager_bot.services.outbox import NoticeKind
from manager_bot.watchdog.watchdog import WORKERS
from models import Agent, Cause, ContainerStatus, DesiredState, Incident, Stage

AGENTS = 6
ENDS = pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["restarted", "killed"])
WITH_LIVE_RESTORE = pytest.mark.parametrize("engine", [{"live_restore": True}], ids=["live-restore"], indirect=True)
WITHOUT = pytest.mark.parametrize("engine", [{"live_restore": False}], ids=["no-live-restore"], indirect=True)
ACTIVATED = pytest.mark.parametrize(
    "engine", [{"live_restore": False, "activated": True}], ids=["socket-activated"], indirect=True
)
AWAY = pytest.mark.parametrize("away", [0.0, 5.0], ids=["a-second", "seconds"])


@WITH_LIVE_RESTORE
@ENDS
async def test_with_live_restore_running_agents_are_adopted(
    restless: World, engine: SecondEngine, how: signal.Signals
) -> None:
    agents = await _all_connected(restless)
    before = {agent.id: await restless.state(agent) for agent in agents}
    await engine.restart(how, away=5)
    await restless.until(_nothing_open)
    await restless.stays(lambda: _unchanged(restless, before), 3)
    await _nobody_failed(AGENTS)
    assert [(one.cause, one.severity.value) for one in await Incident.all()] == [(Cause.DOCKER_DOWN, "critical")]
    assert await restless.told(ADMIN, NoticeKind.INCIDENT_OVER) == 1
    assert (await _kinds(restless, agents)).keys() == {"started", "connected"}


@WITHOUT
@ENDS
@AWAY
async def test_without_live_restore_all_start_again_in_bounded_order_and_no_attempt_is_counted(
    restless: World, engine: SecondEngine, how: signal.Signals, away: float
) -> None:
    agents = await _all_connected(restless)
    stopped = agents.pop()
    await restless.wish(stopped, desired_state=DesiredState.STOPPED)
    await restless.until(lambda: _granted(stopped))
    before = {agent.id: await restless.state(agent) for agent in agents}
    crowd = Crowd(restless.runtime)
    await engine.restart(how, away=away)
    for agent in agents:
        await restless.until(lambda agent=agent: restless.runs_anew(agent, before[agent.id]))
        await restless.reconnected(agent)
    await restless.until(_nothing_open)
    await _nobody_failed(AGENTS - 1)
    assert 1 <= crowd.most <= WORKERS
    assert [one.cause for one in await Incident.all()] == [Cause.DOCKER_DOWN]
    assert not await restless.runs(stopped)
    assert (await _kinds(restless, agents))["started"] == 2 * len(agents)


@ACTIVATED
@ENDS
async def test_an_engine_whose_socket_systemd_holds_open_takes_nobodys_attempt_with_it(
    restless: World, engine: SecondEngine, how: signal.Signals
) -> None:
    agents = await _all_connected(restless, 3)
    before = {agent.id: await restless.state(agent) for agent in agents}
    await engine.restart(how, away=1)
    for agent in agents:
        await restless.until(lambda agent=agent: restless.runs_anew(agent, before[agent.id]))
        await restless.reconnected(agent)
    await _nobody_failed(3)
    assert {one.cause for one in await Incident.all()} == {Cause.DOCKER_DOWN}


@WITH_LIVE_RESTORE
async def test_what_happens_while_the_engine_is_away_is_made_good_when_it_is_back(
    restless: World, engine: SecondEngine
) -> None:
    unwanted, dying, steady = (await _all_connected(restless, 3))[:3]
    before = {agent.id: await restless.state(agent) for agent in (dying, steady)}
    await asyncio.to_thread(engine.end, signal.SIGTERM)
    await restless.until(lambda: restless.incident(None, Cause.DOCKER_DOWN))
    await restless.wish(unwanted, desired_state=DesiredState.STOPPED)
    restless.plot.behave(dying.id, "crash")
    await asyncio.sleep(1.5)
    restless.plot.behave(dying.id, "run")
    assert await Incident.filter(closed_at=None).count() == 1, "children are quiet"
    await asyncio.to_thread(engine.start)
    await restless.until(lambda: _granted(unwanted))
    await restless.until(lambda: restless.runs_anew(dying, before[dying.id]))
    await restless.reconnected(dying)
    assert not await restless.runs(unwanted)
    assert await restless.state(steady) == before[steady.id]
    assert [one.cause for one in await Incident.all()] == [Cause.DOCKER_DOWN]
    restless.kill(steady)
    await restless.until(lambda: _attempts(steady, 1))


@WITH_LIVE_RESTORE
async def test_a_crash_after_the_engine_came_back_counts_again(restless: World, engine: SecondEngine) -> None:
    (agent,) = await _all_connected(restless, 1)
    await engine.restart(signal.SIGTERM, away=0)
    await asyncio.sleep(2)
    before = await restless.state(agent)
    assert before is not None
    restless.kill(agent)
    await restless.until(lambda: restless.runs_anew(agent, before), 5)
    assert (await Agent.get(id=agent.id)).restart_count == 1
    await restless.until(lambda: restless.incident(agent, Cause.CRASHED))


class Crowd:
    """How many containers a runtime was starting at once, at most."""

    def __init__(self, runtime: DockerRuntime) -> None:
        self.most, self._now = 0, 0
        self._start = runtime.start
        runtime.start = self._counted  # type: ignore[method-assign]

    async def _counted(self, agent_id: int) -> None:
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await self._start(agent_id)
        finally:
            self._now -= 1


async def _all_connected(world: World, count: int = AGENTS) -> list[Agent]:
    agents = [await world.agent() for _ in range(count)]
    for agent in agents:
        await world.until(lambda agent=agent: world.is_stage(agent, Stage.CONNECTING))
        await world.poll(agent)
    for agent in agents:
        await world.until(lambda agent=agent: world.is_stage(agent, Stage.CONNECTED))
    return agents


async def _kinds(world: World, agents: list[Agent]) -> Counter[str]:
    return Counter([kind for agent in agents for kind, _ in await world.events(agent)])


async def _nobody_failed(connected: int) -> None:
    assert await Agent.filter(restart_count=0, trouble=None).count() == await Agent.all().count()
    assert await Agent.filter(stage=Stage.CONNECTED, container_status=ContainerStatus.RUNNING).count() == connected


async def _unchanged(world: World, before: dict[int, object]) -> bool:
    agents = await Agent.filter(id__in=list(before))
    return all([await world.state(agent) == before[agent.id] for agent in agents])


async def _nothing_open() -> bool:
    return await Incident.all().exists() and not await Incident.filter(closed_at=None).exists()


async def _granted(agent: Agent) -> bool:
    row = await Agent.get(id=agent.id)
    return row.wish == row.wish_done


async def _attempts(agent: Agent, count: int) -> bool:
    return (await Agent.get(id=agent.id)).restart_count == count
