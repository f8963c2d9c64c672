"""The seed's monitoring table and its restart policies, each row on real containers."""

from __future__ import annotations

import asyncio
import base64

import pytest
from watched_world import ADMIN, World

from manager_bot.services.outbox import NoticeKind
from models import Agent, Cause, ContainerStatus, DesiredState, Heartbeat, Incident, Notification, Stage, Trouble


async def test_container_started_is_info_and_only_logged(world: World) -> None:
    agent = await world.connected()
    assert ("started", "info") in await world.events(agent)
    assert await world.told(ADMIN, NoticeKind.INCIDENT) == 0


async def test_container_stopped_is_a_warning_and_a_restart_is_attempted(world: World) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    world.kill(agent)
    await world.until(lambda: world.runs_anew(agent, before))
    assert ("stopped", "warning") in await world.events(agent)


async def test_max_restarts_reached_is_critical_and_a_free_agent_is_stopped(world: World) -> None:
    agent = await _crash_for_ever(world, "free")
    row = await Agent.get(id=agent.id)
    assert (row.desired_state, row.trouble, row.restart_count) == (DesiredState.STOPPED, Trouble.GAVE_UP, 3)
    await _given_up(world, agent)


async def test_max_restarts_reached_is_critical_and_a_starter_agent_waits_for_a_person(world: World) -> None:
    agent = await _crash_for_ever(world, "starter")
    row = await Agent.get(id=agent.id)
    assert (row.desired_state, row.trouble, row.restart_count) == (DesiredState.RUNNING, Trouble.GAVE_UP, 3)
    await _given_up(world, agent)
    world.plot.behave(1, "run")
    fresh = {"restart_count": 0, "trouble": None, "next_attempt_at": None}
    await world.wish(agent, desired_state=DesiredState.RUNNING, **fresh)
    await world.reconnected(agent)
    assert await world.incident(agent, Cause.CRASHED) is not None
    await world.until(_all_closed)  # a moment after it is connected


async def test_max_restarts_reached_is_critical_for_a_pro_agent_which_is_tried_for_ever(world: World) -> None:
    world.plot.behave(1, "crash")
    agent = await world.agent("pro")
    for _ in range(200):
        row = await Agent.get(id=agent.id)
        if row.restart_count >= 5:
            break
        if row.next_attempt_at and row.next_attempt_at > world.clock.now():
            world.pass_time(minutes=6)
        await asyncio.sleep(0.1)
    world.plot.behave(1, "run")
    events = await world.events(agent)
    assert events.count(("max_restarts", "critical")) == 1
    assert [severity for kind, severity in events if kind in ("stopped", "max_restarts")][:3] == [
        "warning",
        "warning",
        "critical",
    ]
    incident = await world.incident(agent, Cause.CRASHED)
    assert incident is not None
    assert (incident.severity.value, incident.gave_up) == ("critical", False)
    world.pass_time(minutes=40)
    await world.reconnected(agent)


async def test_health_check_failed_is_a_warning_and_the_container_is_restarted(world: World) -> None:
    agent = await world.connected()
    before = await world.state(agent)
    world.plot.behave(1, "hang")
    await world.until(lambda: world.incident(agent, Cause.UNHEALTHY), 30)
    world.plot.behave(1, "run")
    await world.until(lambda: world.runs_anew(agent, before))
    await world.reconnected(agent)
    assert ("health_failed", "warning") in await world.events(agent)


async def test_high_memory_is_a_warning_logged_and_told_if_it_persists(world: World) -> None:
    agent = await world.connected()
    world.plot.behave(1, "fill")
    await world.until(lambda: _has_event(world, agent, ("high_memory", "warning")))
    assert await Incident.all().count() == 0
    world.pass_time(minutes=9)
    await world.poll(agent)
    await asyncio.sleep(1)
    assert await Incident.all().count() == 0
    world.pass_time(minutes=1)
    await world.until(lambda: world.incident(agent, Cause.HIGH_MEMORY))
    incident = await world.incident(agent, Cause.HIGH_MEMORY)
    assert incident is not None
    assert (incident.severity.value, incident.memory_mb) in [("warning", size) for size in (28, 29, 30, 31)]
    assert await world.told(1, NoticeKind.OWNER_TROUBLE) == 0
    world.plot.behave(1, "run")
    await world.until(_all_closed)
    assert await world.attempts_are(agent, 0)


async def test_watchdog_started_is_told_and_its_heart_beats(world: World) -> None:
    assert await world.told(ADMIN, NoticeKind.WATCHDOG_STARTED) == 1
    assert (world.clock.now() - (await Heartbeat.get(part="watchdog")).at).total_seconds() < 10


async def test_ten_healthy_minutes_reset_the_attempts(world: World) -> None:
    agent = await world.connected()
    world.kill(agent)
    await world.until(lambda: world.incident(agent, Cause.CRASHED))
    await world.reconnected(agent)
    assert (await Agent.get(id=agent.id)).restart_count == 1
    world.pass_time(minutes=10)
    await world.poll(agent)
    await world.until(lambda: _attempts_are(agent, 0))


async def test_five_agents_failing_at_once_are_one_incident_of_the_host(world: World) -> None:
    agents = [await world.agent() for _ in range(6)]
    for agent in agents:
        await world.until(lambda agent=agent: world.is_stage(agent, Stage.CONNECTING))
        await world.poll(agent)
    for agent in agents:
        await world.until(lambda agent=agent: world.is_stage(agent, Stage.CONNECTED))
    for agent in agents:
        world.kill(agent)
    await world.until(lambda: world.incident(None, Cause.MASS_FAILURE), 30)
    for agent in agents:
        await world.reconnected(agent)
    await world.until(_all_closed)
    assert await Incident.filter(cause=Cause.MASS_FAILURE).count() == 1
    assert set(await _subjects()) == {f"incident:{(await Incident.get(cause=Cause.MASS_FAILURE)).id}"}


SECRETS = {
    "bot token": "123456789:AAHfake-fake_fakefakefakefakefakefake12",
    "Gemini key": "AIzaSyA-1234567890123456789012345678901",
    "Gemini key of the newer shape": "AQ.Ab8RN6fake-fakefakefakefakefakefake",
    "GitHub token": "gho_a1B2c3D4e5F6a1B2c3D4e5F6a1B2c3D4e5F6",
    "fine GitHub token": "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz",
    "gateway key": "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF",
    "own token as OpenClaw knows it": "123456789:Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
async def test_a_planted_secret_reaches_no_alert_however_it_is_written(world: World, secret: str) -> None:
    agent = await world.connected()
    packed = base64.b64encode(secret.encode()).decode()
    quoted = "".join(f"%{ord(letter):02X}" for letter in secret)
    data = world.plot.folder / "1" / "data"
    (data / "say").write_text(f"with {secret}\nwith {packed}\nwith {quoted}\nconnecting with {secret[:20]}")
    (data / "more").write_text(f"{secret[20:]}\nbye\n")
    world.kill(agent)
    await world.until(lambda: world.incident(agent, Cause.CRASHED))
    await world.reconnected(agent)
    await asyncio.sleep(0.3)
    world.kill(agent)
    await world.until(lambda: _tail_has(agent, "bye"))
    incident = await world.incident(agent, Cause.CRASHED)
    assert incident is not None
    tail = incident.log_tail or ""
    assert "connecting with" in tail
    for form in (secret, secret[20:], packed, packed[:24], quoted, quoted[-60:]):
        assert form not in tail


async def test_a_second_installation_is_never_touched(world: World) -> None:
    from standin_agent import new_plot

    from manager_bot.runtime.docker import DockerRuntime

    plot = new_plot(world.plot.image, world.plot.folder / "other")
    other = DockerRuntime(plot.mark, network=plot.network, subnet=plot.subnet)
    try:
        await other.prepare()
        await other.create(plot.spec(1))
        await other.start(1)
        before = await other.state(1)
        agent = await world.connected()
        await world.wish(agent, desired_state=DesiredState.REMOVED)
        await world.until(lambda: _no_container(world))
        await asyncio.sleep(1.5)
        assert await other.state(1) == before
    finally:
        await other.dismantle()
        other.close()


async def _crash_for_ever(world: World, plan: str) -> Agent:
    """Let an agent crash until the watchdog gives up, the backoff passing by the clock."""
    world.plot.behave(1, "crash")
    agent = await world.agent(plan)
    for _ in range(400):
        if (await Agent.get(id=agent.id)).trouble is Trouble.GAVE_UP:
            break
        row = await Agent.get(id=agent.id)
        if row.next_attempt_at and row.next_attempt_at > world.clock.now():
            world.pass_time(seconds=40)
        await asyncio.sleep(0.1)
    await world.stays(lambda: _exited(world, agent), 1)
    return agent


async def _given_up(world: World, agent: Agent) -> None:
    assert ("max_restarts", "critical") in await world.events(agent)
    assert [kind for kind, _ in await world.events(agent)].count("started") == 4
    incident = await world.incident(agent, Cause.CRASHED)
    assert incident is not None
    assert (incident.gave_up, incident.severity.value, incident.closed_at) == (True, "critical", None)
    assert await Incident.all().count() == 1
    assert await world.told(1, NoticeKind.OWNER_TROUBLE) == 2


async def _tail_has(agent: Agent, words: str) -> bool:
    """The attempt is saved a moment before the incident is."""
    return any(words in (one.log_tail or "") for one in await Incident.filter(agent_id=agent.id))


async def _exited(world: World, agent: Agent) -> bool:
    state = await world.state(agent)
    return state is not None and state.status is ContainerStatus.EXITED


async def _has_event(world: World, agent: Agent, event: tuple[str, str]) -> bool:
    return event in await world.events(agent)


async def _subjects() -> list[str]:
    rows = Notification.filter(chat_id=ADMIN, kind=NoticeKind.INCIDENT.value)
    return await rows.values_list("subject", flat=True)  # type: ignore[return-value]


async def _all_closed() -> bool:
    return not await Incident.filter(closed_at=None).exists()


async def _attempts_are(agent: Agent, count: int) -> bool:
    return (await Agent.get(id=agent.id)).restart_count == count


async def _no_container(world: World) -> bool:
    return not await world.runtime.states()
