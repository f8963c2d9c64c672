"""What admins do about an incident, and who is told what, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from tortoise.context import tortoise_test_context

from manager_bot.clock import OffsetClock
from manager_bot.errors import UserUnknown
from manager_bot.services.audit import Actor, Audit, Role
from manager_bot.services.incidents import Finding, Incidents
from manager_bot.services.outbox import NoticeKind, Outbox
from models import (
    Agent,
    AuditEntry,
    Cause,
    DesiredState,
    Incident,
    Notification,
    NotificationState,
    Severity,
    Trouble,
    User,
)

ANN, BOB = Actor(1001, Role.ADMIN), Actor(1002, Role.ADMIN)


@dataclass
class Pokes:
    heard: list[int]

    def poke(self, agent_id: int) -> None:
        self.heard.append(agent_id)


@dataclass
class Desk:
    incidents: Incidents
    clock: OffsetClock
    pokes: Pokes
    agent: Agent

    async def told(self, kind: NoticeKind, chat: int = ANN.telegram_id) -> int:
        return await Notification.filter(chat_id=chat, kind=kind.value).count()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with tortoise_test_context(["models"]):
        clock, pokes = OffsetClock(), Pokes([])
        outbox = Outbox(clock, (ANN.telegram_id, BOB.telegram_id))
        yield Desk(Incidents(clock, outbox, Audit(clock), pokes), clock, pokes, await _agent(1))


async def _agent(number: int) -> Agent:
    user = await User.create(telegram_id=number, name="Owner", plan="starter")
    return await Agent.create(
        user=user,
        bot_id=number,
        bot_username=f"bot{number}",
        bot_name="Bot",
        bot_token="sealed",
        bot_token_fingerprint=f"t{number}",
        gateway_key="sealed",
        gateway_key_fingerprint=f"k{number}",
        container_name=f"c{number}",
        container_port=9000 + number,
    )


async def test_an_incident_develops_in_one_message_per_admin(desk: Desk) -> None:
    first = await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), desk.agent)
    second = await desk.incidents.report(Finding(Cause.CRASHED, attempts=2, exit_code=1), desk.agent)
    assert (second.id, second.occurrences, second.attempts, second.exit_code) == (first.id, 2, 2, 1)
    subjects = await Notification.filter(kind=NoticeKind.INCIDENT.value).values_list("chat_id", "subject")
    assert sorted(subjects) == sorted((admin.telegram_id, f"incident:{first.id}") for admin in (ANN, BOB) for _ in "12")


async def test_recovery_is_told_once_and_a_relapse_is_the_same_incident(desk: Desk) -> None:
    first = await desk.incidents.report(Finding(Cause.CRASHED, attempts=2), desk.agent)
    await desk.incidents.close_agent(desk.agent)
    await desk.incidents.close_agent(desk.agent)
    assert await desk.told(NoticeKind.INCIDENT_OVER) == 1
    assert await desk.told(NoticeKind.OWNER_RECOVERED, 1) == 1
    again = await desk.incidents.report(Finding(Cause.CRASHED, attempts=3), desk.agent)
    assert (again.id, again.closed_at) == (first.id, None)
    await desk.incidents.close_agent(desk.agent)
    desk.clock.offset += timedelta(minutes=11)
    assert (await desk.incidents.report(Finding(Cause.CRASHED), desk.agent)).id != first.id


async def test_only_the_first_acknowledgement_counts(desk: Desk) -> None:
    incident = await desk.incidents.report(Finding(Cause.CRASHED), desk.agent)
    await desk.incidents.acknowledge(incident.id, ANN)
    await desk.incidents.acknowledge(incident.id, ANN)
    await desk.incidents.acknowledge(incident.id, BOB)
    assert (await Incident.get(id=incident.id)).acknowledged_by == ANN.telegram_id
    assert await AuditEntry.filter(action="incident.acknowledge").count() == 1


async def test_a_snoozed_incident_is_quiet_until_it_is_critical(desk: Desk) -> None:
    incident = await desk.incidents.report(Finding(Cause.CRASHED), desk.agent)
    await desk.incidents.snooze(incident.id, ANN, timedelta(hours=1))
    told = await desk.told(NoticeKind.INCIDENT)
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=2), desk.agent)
    assert await desk.told(NoticeKind.INCIDENT) == told
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=3, gave_up=True), desk.agent)
    assert await desk.told(NoticeKind.INCIDENT) == told + 1


async def test_stop_trying_stops_once_and_is_audited_once(desk: Desk) -> None:
    incident = await desk.incidents.report(Finding(Cause.CRASHED), desk.agent)
    await desk.incidents.stop_trying(incident.id, ANN)
    await desk.incidents.stop_trying(incident.id, BOB)
    agent = await Agent.get(id=desk.agent.id)
    assert (agent.desired_state, agent.trouble, agent.wish) == (DesiredState.STOPPED, Trouble.GAVE_UP, 2)
    assert await AuditEntry.filter(action="incident.stop_trying").count() == 1
    assert desk.pokes.heard == [agent.id]


async def test_acts_on_what_does_not_exist_or_is_over_change_nothing(desk: Desk) -> None:
    incident = await desk.incidents.report(Finding(Cause.CRASHED), desk.agent)
    await desk.incidents.close_agent(desk.agent)
    for number in (incident.id, 77):
        await desk.incidents.acknowledge(number, ANN)
        await desk.incidents.snooze(number, ANN, timedelta(hours=1))
        await desk.incidents.stop_trying(number, ANN)
    assert await AuditEntry.all().count() == 0
    with pytest.raises(UserUnknown):
        await desk.incidents.owner_of(77)


async def test_the_owner_is_told_of_what_does_not_heal_at_once(desk: Desk) -> None:
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), desk.agent)
    assert await desk.told(NoticeKind.OWNER_TROUBLE, 1) == 0
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=2), desk.agent)
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=3), desk.agent)
    assert await desk.told(NoticeKind.OWNER_TROUBLE, 1) == 1
    await desk.incidents.report(Finding(Cause.OUT_OF_MEMORY, attempts=1), desk.agent)
    assert await desk.told(NoticeKind.OWNER_TROUBLE, 1) == 2


async def test_open_incidents_come_worst_first(desk: Desk) -> None:
    await desk.incidents.report(Finding(Cause.CRASHED), desk.agent)
    await desk.incidents.report(Finding(Cause.DOCKER_DOWN, Severity.CRITICAL))
    assert [one.cause for one in await desk.incidents.open_incidents()] == [Cause.DOCKER_DOWN, Cause.CRASHED]
    await desk.incidents.close(Cause.DOCKER_DOWN)
    assert [one.cause for one in await desk.incidents.open_incidents()] == [Cause.CRASHED]


async def test_a_log_tail_is_redacted_when_saved(desk: Desk) -> None:
    token = "123456789:AAHfake-fake_fakefakefakefakefakefake12"
    incident = await desk.incidents.report(Finding(Cause.CRASHED, log_tail=f"using {token}"), desk.agent)
    assert token not in (await Incident.get(id=incident.id)).log_tail


async def test_the_second_admin_learns_who_was_first(desk: Desk) -> None:
    incident = await desk.incidents.report(Finding(Cause.CRASHED), desk.agent)
    assert await desk.incidents.acknowledge(incident.id, BOB) == BOB.telegram_id
    assert await desk.incidents.acknowledge(incident.id, ANN) == BOB.telegram_id


async def test_snoozing_twice_in_a_moment_is_snoozing_once(desk: Desk) -> None:
    incident = await desk.incidents.report(Finding(Cause.CRASHED), desk.agent)
    for admin in (ANN, ANN, BOB):
        await desk.incidents.snooze(incident.id, admin, timedelta(hours=1))
    assert await AuditEntry.filter(action="incident.snooze").count() == 1


async def test_what_is_critical_and_nobody_takes_on_is_told_again_ever_less_often(desk: Desk) -> None:
    incident = await desk.incidents.report(Finding(Cause.DOCKER_DOWN, Severity.CRITICAL))
    told = []
    for _ in range(16):
        desk.clock.offset += timedelta(minutes=30)
        await desk.incidents.remind()
        await desk.incidents.remind()
        told.append(await desk.told(NoticeKind.INCIDENT_REMINDER))
    assert told == [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]
    await desk.incidents.acknowledge(incident.id, ANN)
    desk.clock.offset += timedelta(days=1)
    await desk.incidents.remind()
    assert await desk.told(NoticeKind.INCIDENT_REMINDER) == 5


async def test_no_reminder_of_a_warning_nor_of_what_is_snoozed(desk: Desk) -> None:
    await desk.incidents.report(Finding(Cause.CRASHED), desk.agent)
    down = await desk.incidents.report(Finding(Cause.DOCKER_DOWN, Severity.CRITICAL))
    await desk.incidents.snooze(down.id, ANN, timedelta(hours=1))
    desk.clock.offset += timedelta(minutes=45)
    await desk.incidents.remind()
    assert await desk.told(NoticeKind.INCIDENT_REMINDER) == 0


async def _asleep(desk: Desk, admin: Actor) -> None:
    """*admin* wants quiet now, for at least an hour more."""
    hour = desk.clock.now().hour
    quiet = f"{(hour - 1) % 24:02}:00-{(hour + 2) % 24:02}:00 UTC"
    await User.create(telegram_id=admin.telegram_id, name="Admin", quiet_hours=quiet)


async def _due(desk: Desk, admin: Actor) -> list[tuple[str, bool]]:
    rows = await Notification.filter(chat_id=admin.telegram_id).order_by("id")
    return [(row.kind, row.due_at <= desk.clock.now()) for row in rows]


async def test_in_quiet_hours_a_warning_waits_and_what_is_over_by_then_is_one_message(desk: Desk) -> None:
    await _asleep(desk, ANN)
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), desk.agent)
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=2), desk.agent)
    await desk.incidents.close_agent(desk.agent)
    assert await _due(desk, ANN) == [("incident", False)]
    assert [kind for kind, now in await _due(desk, BOB) if now] == ["incident"] * 3 + ["incident_over"]


async def test_in_quiet_hours_what_is_critical_comes_through(desk: Desk) -> None:
    await _asleep(desk, ANN)
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), desk.agent)
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=3, gave_up=True), desk.agent)
    assert await _due(desk, ANN) == [("incident", False), ("incident", True)]


async def test_in_quiet_hours_what_was_told_before_is_still_edited(desk: Desk) -> None:
    incident = await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), desk.agent)
    await Notification.all().update(state=NotificationState.SENT, message_id=1)
    await _asleep(desk, ANN)
    await desk.incidents.acknowledge(incident.id, BOB)
    assert await _due(desk, ANN) == [("incident", True), ("incident", True)]
