"""The host's memory runs short: who sleeps early, and what admins hear. Real containers, a made-up reading."""

from __future__ import annotations

from datetime import timedelta

from watched_world import ADMIN, World

from manager_bot.services.outbox import NoticeKind
from models import Agent, Cause, Incident, Notification, Rest, Severity

PLENTY, SHORT = 8000, 900


async def spoken_with(world: World, plan: str, minutes: float) -> Agent:
    agent = await world.connected(plan)
    await silent(world, agent, minutes)
    return agent


async def silent(world: World, agent: Agent, minutes: float) -> None:
    """As if nobody had spoken with it for so long."""
    moment = world.clock.now() - timedelta(minutes=minutes)
    same = {"last_activity_at": moment, "started_at": moment, "created_at": moment, "rest_since": None}
    await Agent.filter(id=agent.id).update(**same, healthy_since=moment)


async def rest_of(agent: Agent) -> Rest:
    return (await Agent.get(id=agent.id)).rest


async def is_drowsy(agent: Agent) -> bool:
    return await rest_of(agent) is Rest.DROWSY


async def is_over(world: World) -> bool:
    incident = await world.incident(None, Cause.MEMORY_SHORT)
    return incident is not None and incident.closed_at is not None


async def test_the_longest_idle_sleep_early_and_admins_hear_of_it_once(world: World) -> None:
    lately, longest, paid = (
        await spoken_with(world, "starter", 0.5),
        await spoken_with(world, "starter", 5),
        await spoken_with(world, "pro", 50),
    )
    await world.stays(lambda: _all_awake(lately, longest, paid), 0.6)

    world.available_mb = SHORT
    await world.until(lambda: is_drowsy(longest))
    await world.until(lambda: is_drowsy(paid))
    await world.stays(lambda: _all_awake(lately), 1)

    incident = await world.incident(None, Cause.MEMORY_SHORT)
    assert incident is not None
    assert (incident.occurrences, incident.memory_mb, incident.agent_id) == (1, SHORT, None)
    assert await Notification.filter(chat_id=ADMIN, kind=NoticeKind.INCIDENT.value).count() == 1

    world.available_mb = PLENTY
    await world.until(lambda: is_over(world))
    assert await Incident.filter(cause=Cause.MEMORY_SHORT).count() == 1


async def test_who_is_awaited_is_left_alone_and_admins_are_told_loudly(world: World) -> None:
    busy = await spoken_with(world, "starter", 5)
    await Agent.filter(id=busy.id).update(updates_waiting=2, waiting_since=world.clock.now())

    world.available_mb = SHORT
    await world.until(lambda: _is_critical(world))
    await world.stays(lambda: _all_awake(busy), 1)

    incident = await world.incident(None, Cause.MEMORY_SHORT)
    assert incident is not None
    assert incident.occurrences == 1


async def test_an_incident_left_open_by_an_earlier_watchdog_is_closed(world: World) -> None:
    world.available_mb = SHORT
    await world.until(lambda: _is_critical(world))
    assert world.watchdog is not None
    await world.watchdog.stop()
    world.available_mb = PLENTY

    await world.build().start()

    await world.until(lambda: is_over(world))


async def _all_awake(*agents: Agent) -> bool:
    return all([await rest_of(agent) is Rest.AWAKE for agent in agents])


async def _is_critical(world: World) -> bool:
    incident = await world.incident(None, Cause.MEMORY_SHORT)
    return incident is not None and incident.severity is Severity.CRITICAL
