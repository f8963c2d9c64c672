"""Falling asleep and waking, on real containers; the Telegram door's part is written into the row, as the door does."""

from __future__ import annotations

from datetime import timedelta

import docker
import pytest
from fixtures.swap import CompressedSwap
from watched_world import ADMIN, World

from manager_bot.errors import AgentMissing
from manager_bot.runtime import cgroup
from manager_bot.runtime.base import RuntimeRefused
from manager_bot.services.agents import Agents
from manager_bot.services.audit import Actor, Role
from manager_bot.services.outbox import NoticeKind
from models import Agent, AuditEntry, Cause, ContainerStatus, DesiredState, Rest, Stage, Trouble, User

BOSS = Actor(ADMIN, Role.ADMIN)


async def row(agent: Agent) -> Agent:
    return await Agent.get(id=agent.id).select_related("user")


async def rests(world: World, agent: Agent, rest: Rest) -> bool:
    return (await row(agent)).rest is rest


async def held(world: World, agent: Agent) -> None:
    """The door holds its poll."""
    changed = await Agent.filter(id=agent.id).update(rest=Rest.HELD, rest_since=world.clock.now())
    assert changed
    world.bell.poke(agent.id)


async def wanted(world: World, agent: Agent) -> None:
    """A message came for it."""
    resting = Agent.filter(id=agent.id, rest__in=(Rest.HELD, Rest.ASLEEP))
    assert await resting.update(rest=Rest.WAKING, rest_since=world.clock.now())
    world.bell.poke(agent.id)


async def asleep(world: World, plan: str = "free") -> Agent:
    agent = await world.connected(plan)
    await held(world, agent)
    await world.until(lambda: rests(world, agent, Rest.ASLEEP))
    return agent


async def status(world: World, agent: Agent) -> ContainerStatus:
    state = await world.state(agent)
    return state.status if state else ContainerStatus.MISSING


async def holds_much(world: World, agent: Agent) -> bool:
    use = await world.runtime.memory(agent.id)
    return use is not None and use.used > 20 * 1024 * 1024


async def is_status(world: World, agent: Agent, wanted_status: ContainerStatus) -> bool:
    return await status(world, agent) is wanted_status


async def agents_of(world: World) -> Agents:
    return Agents(world.clock, world.runtime, world.incidents.audit, world.bell)


@pytest.mark.parametrize(("plan", "minutes"), [("free", 10), ("starter", 60)])
async def test_an_idle_agent_falls_asleep_after_its_plans_time(world: World, plan: str, minutes: int) -> None:
    agent = await world.connected(plan)
    world.pass_time(minutes=minutes - 1)
    await world.stays(lambda: rests(world, agent, Rest.AWAKE), 0.5)
    world.pass_time(minutes=1.1)
    await world.until(lambda: rests(world, agent, Rest.DROWSY))


async def test_on_the_pro_plan_it_never_does(world: World) -> None:
    agent = await world.connected("pro")
    world.pass_time(days=30)
    await world.stays(lambda: rests(world, agent, Rest.AWAKE), 1)


async def test_a_word_in_either_direction_begins_its_time_anew(world: World) -> None:
    agent = await world.connected("free")
    world.pass_time(minutes=9)
    await Agent.filter(id=agent.id).update(last_activity_at=world.clock.now())
    world.pass_time(minutes=9)
    await world.stays(lambda: rests(world, agent, Rest.AWAKE), 0.5)


async def test_one_in_trouble_or_with_waiting_updates_stays_awake(world: World) -> None:
    troubled, spoken_to = await world.connected("free"), await world.connected("free")
    await Agent.filter(id=troubled.id).update(door_trouble=Trouble.POLLED_ELSEWHERE)
    await Agent.filter(id=spoken_to.id).update(updates_waiting=1)
    world.pass_time(minutes=11)
    await world.stays(lambda: rests(world, troubled, Rest.AWAKE), 0.5)
    assert await rests(world, spoken_to, Rest.AWAKE)


async def test_asleep_is_frozen_and_shrunk_both_read_back(world: World, swap: CompressedSwap) -> None:
    agent = await world.connected("free")
    before = await world.runtime.memory(agent.id)
    await held(world, agent)
    await world.until(lambda: rests(world, agent, Rest.ASLEEP))
    state, after = await world.state(agent), await world.runtime.memory(agent.id)
    assert state is not None
    assert before is not None
    assert after is not None
    assert state.status is ContainerStatus.PAUSED
    assert cgroup.is_frozen(state.container_id)
    assert after.used < before.used
    assert (await row(agent)).container_status is ContainerStatus.PAUSED
    assert ("asleep", "info") in await world.events(agent)


async def test_what_does_not_shrink_is_stopped_and_not_called_frozen(
    world: World, swap: CompressedSwap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds much, so that what the kernel's own books come and go by is no tenth of it."""
    monkeypatch.setattr(cgroup, "reclaim", lambda _: None)
    world.plot.behave(1, "fill")
    agent = await world.connected("free")
    await world.until(lambda: holds_much(world, agent))
    await held(world, agent)
    await world.until(lambda: rests(world, agent, Rest.ASLEEP))
    assert await status(world, agent) is ContainerStatus.EXITED


async def test_without_swap_it_is_stopped_which_is_no_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.runtime, "free_swap_mb", _none)
    agent = await asleep(world)
    assert await status(world, agent) is ContainerStatus.EXITED
    await world.stays(lambda: rests(world, agent, Rest.ASLEEP), 1.5)
    found = await row(agent)
    assert (found.restart_count, found.trouble) == (0, None)

    await wanted(world, agent)
    await world.reconnected(agent)
    found = await row(agent)
    assert (found.rest, found.restart_count, found.trouble) == (Rest.AWAKE, 0, None)
    assert await world.told(ADMIN, NoticeKind.INCIDENT) == 0


async def test_a_frozen_one_is_thawed_without_a_restart(world: World, swap: CompressedSwap) -> None:
    agent = await asleep(world)
    before = await world.state(agent)
    await wanted(world, agent)
    await world.until(lambda: world.runs(agent))
    await world.until(lambda: rests(world, agent, Rest.AWAKE))
    after = await world.state(agent)
    assert before is not None
    assert after is not None
    assert (after.container_id, after.started_at) == (before.container_id, before.started_at)
    assert (await row(agent)).stage is Stage.CONNECTED


async def test_wanted_again_before_it_was_frozen_it_stays_up(world: World, swap: CompressedSwap) -> None:
    agent = await world.connected("free")
    await Agent.filter(id=agent.id).update(rest=Rest.WAKING, rest_since=world.clock.now())
    world.bell.poke(agent.id)
    await world.until(lambda: rests(world, agent, Rest.AWAKE))
    assert await world.runs(agent)


async def test_the_boost_of_a_woken_agent_ends(world: World, swap: CompressedSwap) -> None:
    agent = await asleep(world)
    await wanted(world, agent)
    await world.until(lambda: rests(world, agent, Rest.AWAKE))
    assert quota(world, agent) == 200_000
    world.pass_time(seconds=61)

    async def capped() -> bool:
        return quota(world, agent) == 25_000

    await world.until(capped)


async def test_its_own_timer_wakes_it(world: World, swap: CompressedSwap) -> None:
    world.timers.due = world.clock.now() + timedelta(minutes=30)
    agent = await asleep(world)
    world.pass_time(minutes=29)
    await world.stays(lambda: rests(world, agent, Rest.ASLEEP), 0.5)
    world.pass_time(minutes=1.1)
    await world.until(lambda: world.runs(agent))


async def test_a_stopped_one_is_started_ahead_of_its_timer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "reclaim", lambda _: None)
    world.timers.due = world.clock.now() + timedelta(minutes=30)
    agent = await asleep(world)
    world.pass_time(minutes=29)
    await world.stays(lambda: rests(world, agent, Rest.ASLEEP), 0.5)
    assert await status(world, agent) is ContainerStatus.EXITED
    world.pass_time(minutes=0.5)
    await world.until(lambda: world.runs(agent))
    assert world.clock.now() < world.timers.due


async def test_a_timer_due_in_a_moment_keeps_it_awake(world: World, swap: CompressedSwap) -> None:
    agent = await world.connected("free")
    world.timers.due = world.clock.now() + timedelta(seconds=90)
    await held(world, agent)
    await world.until(lambda: rests(world, agent, Rest.AWAKE))
    assert await world.runs(agent)


async def test_a_sleeping_agent_is_healthy(world: World, swap: CompressedSwap) -> None:
    agent = await asleep(world)
    world.pass_time(hours=5)
    await world.stays(lambda: rests(world, agent, Rest.ASLEEP), 2)
    assert await status(world, agent) is ContainerStatus.PAUSED
    assert await world.told(ADMIN, NoticeKind.INCIDENT) == 0


async def test_one_that_went_down_in_its_sleep_is_started_when_it_is_wanted(world: World, swap: CompressedSwap) -> None:
    agent = await asleep(world)
    world.kill(agent, remove=True)
    await world.stays(lambda: rests(world, agent, Rest.ASLEEP), 1.5)
    await wanted(world, agent)
    await world.reconnected(agent)
    assert (await row(agent)).restart_count == 0


async def test_one_thawed_behind_our_back_is_not_shown_as_asleep(world: World, swap: CompressedSwap) -> None:
    agent = await asleep(world)
    state = await world.state(agent)
    assert state is not None
    client = docker.APIClient()
    client.unpause(state.container_id)
    client.close()
    await world.until(lambda: rests(world, agent, Rest.AWAKE))


async def test_stop_restart_and_suspension_reach_a_sleeper(world: World, swap: CompressedSwap) -> None:
    stopped, restarted, suspended = await asleep(world), await asleep(world), await asleep(world)
    use, before = await agents_of(world), await world.state(restarted)
    assert before is not None
    await use.stop(await User.get(id=stopped.user_id), BOSS)
    await use.restart(await User.get(id=restarted.user_id), BOSS)
    await world.set_active(suspended, active=False)
    await world.until(lambda: is_status(world, stopped, ContainerStatus.EXITED))
    await world.until(lambda: is_status(world, suspended, ContainerStatus.EXITED))
    await world.until(lambda: world.runs_anew(restarted, before))
    await world.until(lambda: rests(world, stopped, Rest.AWAKE))
    await world.until(lambda: rests(world, suspended, Rest.AWAKE))
    assert (await row(stopped)).desired_state is DesiredState.STOPPED


async def test_a_changed_spec_waits_for_nobody(world: World, swap: CompressedSwap) -> None:
    agent = await asleep(world)
    before = await world.state(agent)
    assert before is not None
    world.specs.changes["config_digest"] = "2"
    await world.wish(agent)
    await world.until(lambda: world.runs_anew(agent, before))


async def test_one_that_cannot_be_thawed_is_an_incident_and_made_anew(world: World, swap: CompressedSwap) -> None:
    agent = await asleep(world)
    assert world.watchdog is not None
    await world.watchdog.stop()
    await world.build(Stuck(world.runtime)).start()
    await wanted(world, agent)
    await world.reconnected(agent)
    incident = await world.incident(agent, Cause.WAKE_FAILED)
    assert incident is not None
    assert incident.closed_at is not None
    assert (await row(agent)).restart_count == 0


async def test_owner_and_admin_can_put_it_to_sleep_and_wake_it(world: World) -> None:
    agent, use = await world.connected("pro"), await agents_of(world)
    owner = await User.get(id=agent.user_id)
    await use.sleep(owner, Actor(1, Role.SUBSCRIBER))
    assert await rests(world, agent, Rest.DROWSY)
    await use.sleep(owner, Actor(1, Role.SUBSCRIBER))  # a double tap
    await use.wake(owner, BOSS)
    assert await rests(world, agent, Rest.AWAKE)
    assert await AuditEntry.all().order_by("id").values_list("action", flat=True) == ["agent.sleep", "agent.wake"]
    with pytest.raises(AgentMissing):
        await use.sleep(await User.create(telegram_id=77, name="Nobody"), BOSS)


async def test_one_that_is_starting_cannot_be_put_to_sleep(world: World) -> None:
    agent, use = await world.agent("free"), await agents_of(world)
    await world.until(lambda: world.is_stage(agent, Stage.CONNECTING))
    await use.sleep(await User.get(id=agent.user_id), BOSS)
    assert await rests(world, agent, Rest.AWAKE)


async def _none() -> int:
    """The free swap of a host without any, wherever this runs."""
    return 0


class Stuck:
    """The runtime of an engine that thaws nothing."""

    def __init__(self, runtime: object) -> None:
        self._runtime = runtime

    def __getattr__(self, name: str) -> object:
        return getattr(self._runtime, name)

    async def thaw(self, _: int) -> None:
        raise RuntimeRefused("cannot thaw")


def quota(world: World, agent: Agent) -> int:
    client = docker.APIClient()
    wanted_labels = [f"clawbot.agent={agent.id}", f"clawbot.installation={world.plot.mark}"]
    (found,) = client.containers(all=True, filters={"label": wanted_labels})
    inspected = client.inspect_container(found["Id"])
    client.close()
    return int(inspected["HostConfig"]["CpuQuota"])
