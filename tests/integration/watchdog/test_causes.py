"""Every row of the cause table, on real containers: one test each, named after it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from watched_world import ADMIN, Down, World

from manager_bot.services.outbox import NoticeKind
from models import Agent, Cause, DesiredState, Incident, Stage, Trouble


async def test_exit_0_without_intent_is_started_now_and_early_counts(world: World) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    world.plot.behave(1, "clean")
    await world.until(lambda: _is_down_or_new(world, agent, before))
    world.plot.behave(1, "run")
    await world.until(lambda: world.runs_anew(agent, before))
    assert (await Agent.get(id=agent.id)).restart_count >= 1


async def test_crash_or_stopped_behind_our_back_is_restarted_at_once_and_told_once(world: World) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    world.kill(agent)
    await world.until(lambda: world.runs_anew(agent, before), 5)
    await world.reconnected(agent)
    incident = await world.incident(agent, Cause.CRASHED)
    assert incident is not None
    assert (incident.exit_code, incident.attempts, incident.severity.value) == (137, 1, "warning")
    await world.until(lambda: world.is_over(incident))
    assert await world.told(ADMIN, NoticeKind.INCIDENT) == 1, "healed before anybody was told: one message says all"
    assert await world.told(ADMIN, NoticeKind.INCIDENT_OVER) == 0
    assert await world.told(1, NoticeKind.OWNER_TROUBLE) == 0
    world.kill(agent)
    await world.until(lambda: _happened(incident, 2))
    again = await world.incident(agent, Cause.CRASHED)
    assert again is not None
    assert (again.id, again.occurrences, again.closed_at) == (incident.id, 2, None)
    row = await Agent.get(id=agent.id)
    assert row.next_attempt_at is not None
    assert 7 <= (row.next_attempt_at - world.clock.now()).total_seconds() <= 12.1
    assert await world.told(1, NoticeKind.OWNER_TROUBLE) == 1


async def test_out_of_memory_is_told_apart(world: World) -> None:
    agent = await world.connected()
    world.plot.behave(1, "leak")
    await world.until(lambda: world.incident(agent, Cause.OUT_OF_MEMORY))
    world.plot.behave(1, "run")
    assert await world.told(1, NoticeKind.OWNER_TROUBLE) == 1
    incident = await world.incident(agent, Cause.OUT_OF_MEMORY)
    assert incident is not None
    assert incident.exit_code == 137


async def test_bad_config_is_not_looped(world: World) -> None:
    world.plot.behave(1, "config")
    agent = await world.agent()
    await world.until(lambda: world.incident(agent, Cause.BAD_CONFIG))
    await world.stays(lambda: world.is_down(agent), 2)
    row = await Agent.get(id=agent.id)
    assert (row.trouble, row.restart_count) == (Trouble.BAD_CONFIG, 0)
    assert "config refused" in ((await world.incident(agent, Cause.BAD_CONFIG)).log_tail or "")
    world.plot.behave(1, "run")
    await world.wish(agent, desired_state=DesiredState.RUNNING, trouble=None)
    await world.reconnected(agent)


async def test_bad_config_goes_back_to_the_last_good_one_once(world: World) -> None:
    agent = await world.connected()
    world.plot.behave(1, "config")
    await world.until(lambda: world.has_trouble(agent, Trouble.BAD_CONFIG))
    assert world.specs.stepped_back == [agent.id]
    await world.stays(lambda: world.is_down(agent), 1)
    kinds = [kind for kind, _ in await world.events(agent)]
    assert (kinds.count("config_restored"), kinds.count("started")) == (1, 2)
    assert (await Agent.get(id=agent.id)).restart_count == 0
    assert await world.told(1, NoticeKind.OWNER_TROUBLE) == 1


async def test_bad_config_with_a_good_one_kept_runs_again(world: World) -> None:
    agent = await world.connected()
    build = world.specs.step_back

    async def step_back(row: Agent) -> None:
        world.plot.behave(1, "run")
        await build(row)

    world.specs.step_back = step_back
    world.plot.behave(1, "config")
    await world.until(lambda: world.incident(agent, Cause.BAD_CONFIG))
    await world.reconnected(agent)
    incident = await world.incident(agent, Cause.BAD_CONFIG)
    assert incident is not None
    assert incident.closed_at is not None
    assert await world.told(1, NoticeKind.OWNER_RECOVERED) == 1


@pytest.mark.parametrize("trouble", [Trouble.TOKEN_REVOKED, Trouble.POLLED_ELSEWHERE])
async def test_bot_token_revoked_or_polled_elsewhere_is_no_reason_to_restart(world: World, trouble: Trouble) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    await Agent.filter(id=agent.id).update(door_trouble=trouble)
    world.bell.revoked(agent.id)
    await world.until(lambda: world.incident(agent, Cause(trouble.value)))
    assert (await Agent.get(id=agent.id)).trouble is trouble
    assert await world.told(1, NoticeKind.OWNER_TROUBLE) == 1
    await world.stays(lambda: _same(world, agent, before), 1.5)
    assert await world.told(ADMIN, NoticeKind.INCIDENT) == 1
    await Agent.filter(id=agent.id).update(door_trouble=None)
    await world.poll(agent)
    await world.until(lambda: world.has_trouble(agent, None))
    assert await world.told(1, NoticeKind.OWNER_RECOVERED) == 1


async def test_a_managed_bots_revoked_token_is_may_be_fetched_before_anybody_is_told(
    world: World,
) -> None:
    agent = await world.connected()
    await Agent.filter(id=agent.id).update(is_managed=True, door_trouble=Trouble.TOKEN_REVOKED)
    world.bell.revoked(agent.id)
    await world.stays(lambda: world.has_trouble(agent, None), 1)
    world.pass_time(seconds=21)
    await world.until(lambda: world.incident(agent, Cause.TOKEN_REVOKED))
    assert await world.told(1, NoticeKind.OWNER_TROUBLE) == 1


async def test_deaf_healthy_but_not_polling_while_updates_wait_is_restarted_twice_an_hour_at_most(world: World) -> None:
    agent = await world.connected()
    for _ in range(2):
        before = await world.state(agent)
        world.pass_time(minutes=1)
        waiting = {"updates_waiting": 2, "waiting_since": world.clock.now()}
        await Agent.filter(id=agent.id).update(**waiting)
        await world.stays(lambda before=before: _same(world, agent, before), 0.5)
        world.pass_time(seconds=31)
        await world.until(lambda before=before: world.runs_anew(agent, before))
        await world.reconnected(agent)
    before = await world.state(agent)
    world.pass_time(minutes=1)
    await Agent.filter(id=agent.id).update(updates_waiting=2, waiting_since=world.clock.now())
    world.pass_time(seconds=31)
    await world.until(lambda: world.has_trouble(agent, Trouble.DEAF))
    await world.stays(lambda: _same(world, agent, before), 1)
    assert [kind for kind, _ in await world.events(agent)].count("deaf_restart") == 2


async def test_health_check_failed_three_misses_after_the_grace_restarts(world: World) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    world.plot.behave(1, "hang")
    await world.until(lambda: world.incident(agent, Cause.UNHEALTHY), 30)
    world.plot.behave(1, "run")
    await world.until(lambda: world.runs_anew(agent, before))
    await world.reconnected(agent)
    assert ("health_failed", "warning") in await world.events(agent)


async def test_container_gone_is_made_anew(world: World) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    world.kill(agent, remove=True)
    await world.until(lambda: world.runs_anew(agent, before))
    await world.reconnected(agent)
    assert (await world.state(agent)).container_id != before.container_id
    assert len(await world.runtime.states()) == 1
    assert (await Agent.get(id=agent.id)).restart_count <= 1


async def test_docker_down_is_one_incident_of_the_host_and_no_attempt(world: World) -> None:
    agent = await world.connected()
    down = Down(world.runtime)
    await world.watchdog.stop()
    watchdog = world.build(down)
    await watchdog.start()
    await world.until(lambda: world.is_stage(agent, Stage.CONNECTED))
    down.is_down = True
    await world.until(lambda: world.incident(None, Cause.DOCKER_DOWN))
    world.kill(agent)
    await world.stays(lambda: world.is_down(agent), 1)
    down.is_down = False
    await world.until(lambda: world.runs(agent))
    await world.reconnected(agent)
    assert (await Agent.get(id=agent.id)).restart_count == 0
    assert [incident.cause for incident in await Incident.all()] == [Cause.DOCKER_DOWN]
    assert (await world.incident(None, Cause.DOCKER_DOWN)).closed_at is not None


async def test_a_reboot_of_the_host_is_nobodys_failed_attempt(world: World) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    await world.watchdog.stop()
    world.kill(agent)
    watchdog = world.build()
    watchdog.keeper.booted_at = datetime.now(UTC)
    await watchdog.start()
    await world.until(lambda: world.runs_anew(agent, before))
    await world.reconnected(agent)
    assert (await Agent.get(id=agent.id)).restart_count == 0
    assert await Incident.all().count() == 0
    world.kill(agent)
    await world.until(lambda: world.attempts_are(agent, 1))


async def _is_down_or_new(world: World, agent: Agent, before) -> bool:
    return await world.is_down(agent) or await world.runs_anew(agent, before)


async def _same(world: World, agent: Agent, before) -> bool:
    return await world.state(agent) == before


async def _happened(incident: Incident, times: int) -> bool:
    """The attempt is saved a moment before."""
    return (await Incident.get(id=incident.id)).occurrences == times
