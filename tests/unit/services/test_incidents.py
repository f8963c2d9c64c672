"""What admins do about an incident, and who is told what, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incident_desk import ANN, BOB, Desk, sent

from manager_bot.errors import IncidentOver, UserUnknown
from manager_bot.services.incidents import Finding
from manager_bot.services.outbox import NoticeKind
from models import (
    Agent,
    AuditEntry,
    Cause,
    DesiredState,
    Incident,
    Notification,
    Severity,
    Trouble,
)


async def test_an_incident_develops_in_one_message_per_admin(desk: Desk) -> None:
    first = await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), desk.agent)
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), desk.agent)
    assert await desk.told(NoticeKind.INCIDENT) == 1, "what waits says how things are when it is sent"
    await sent()
    second = await desk.incidents.report(Finding(Cause.CRASHED, attempts=2, exit_code=1), desk.agent)
    assert (second.id, second.occurrences, second.attempts, second.exit_code) == (first.id, 3, 2, 1)
    subjects = await Notification.filter(kind=NoticeKind.INCIDENT.value).values_list("chat_id", "subject")
    assert sorted(subjects) == sorted((admin.telegram_id, f"incident:{first.id}") for admin in (ANN, BOB) for _ in "12")


async def test_recovery_is_told_once_and_a_relapse_is_the_same_incident(desk: Desk) -> None:
    first = await desk.incidents.report(Finding(Cause.CRASHED, attempts=2), desk.agent)
    await sent()
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
    await sent()
    told = await desk.told(NoticeKind.INCIDENT)
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=2), desk.agent)
    assert await desk.told(NoticeKind.INCIDENT) == told
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=3, gave_up=True), desk.agent)
    assert await desk.told(NoticeKind.INCIDENT) == told + 1


async def test_stop_trying_stops_once_and_is_audited_once(desk: Desk) -> None:
    incident = await desk.incidents.report(Finding(Cause.CRASHED), desk.agent)
    assert await desk.incidents.stop_trying(incident.id, ANN) == ANN.telegram_id
    assert await desk.incidents.stop_trying(incident.id, BOB) == ANN.telegram_id
    agent = await Agent.get(id=desk.agent.id)
    assert (agent.desired_state, agent.trouble, agent.wish) == (DesiredState.STOPPED, Trouble.GAVE_UP, 2)
    assert await AuditEntry.filter(action="incident.stop_trying").count() == 1
    assert desk.pokes.heard == [agent.id]


async def test_acts_on_what_does_not_exist_or_is_over_change_nothing(desk: Desk) -> None:
    incident = await desk.incidents.report(Finding(Cause.CRASHED), desk.agent)
    await desk.incidents.close_agent(desk.agent)
    for number in (incident.id, 77):
        with pytest.raises(IncidentOver):
            await desk.incidents.acknowledge(number, ANN)
        with pytest.raises(IncidentOver):
            await desk.incidents.snooze(number, ANN, timedelta(hours=1))
        with pytest.raises(IncidentOver):
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
        assert await desk.incidents.snooze(incident.id, admin, timedelta(hours=1)) == ANN.telegram_id
    assert await AuditEntry.filter(action="incident.snooze").count() == 1
