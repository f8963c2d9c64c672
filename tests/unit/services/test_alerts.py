"""How loud an alert is: quiet hours, reminders, what grows critical, and what is one failure of many."""

from __future__ import annotations

from datetime import timedelta

from incident_desk import ANN, BOB, Desk, new_agent, sent

from manager_bot.services.audit import Actor
from manager_bot.services.incidents import Finding
from manager_bot.services.outbox import NoticeKind
from models import Cause, Incident, Notification, Severity, User


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
    assert await _due(desk, BOB) == [("incident", False)], "healed before anybody was told: one message says all"


async def test_in_quiet_hours_what_is_critical_comes_through(desk: Desk) -> None:
    await _asleep(desk, ANN)
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), desk.agent)
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=3, gave_up=True), desk.agent)
    assert await _due(desk, ANN) == [("incident", False), ("incident", True)]


async def test_in_quiet_hours_what_was_told_before_is_still_edited(desk: Desk) -> None:
    incident = await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), desk.agent)
    await sent()
    await Notification.all().update(due_at=desk.clock.now())
    await _asleep(desk, ANN)
    await desk.incidents.acknowledge(incident.id, BOB)
    assert await _due(desk, ANN) == [("incident", True), ("incident", True)]


async def test_an_edited_alert_that_grows_critical_makes_a_sound_once(desk: Desk) -> None:
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), desk.agent)
    await sent()
    for attempts in (3, 4):
        await desk.incidents.report(Finding(Cause.CRASHED, Severity.CRITICAL, attempts=attempts), desk.agent)
    assert await desk.told(NoticeKind.INCIDENT_WORSE) == 1


async def test_a_mass_failure_is_one_message_and_no_child_is_told(desk: Desk) -> None:
    agents = [desk.agent, *[await new_agent(number) for number in range(2, 7)]]
    for agent in agents:
        await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), agent)
    for agent in agents:
        await desk.incidents.report(Finding(Cause.CRASHED, attempts=3, gave_up=True), agent)
    (mass,) = await Incident.filter(cause=Cause.MASS_FAILURE)
    assert (mass.agent_id, mass.severity, mass.occurrences) == (None, Severity.CRITICAL, 6)
    assert set(await Notification.filter(kind=NoticeKind.INCIDENT.value).values_list("subject", flat=True)) == {
        f"incident:{mass.id}"
    }
    assert await desk.told(NoticeKind.OWNER_TROUBLE, 1) == 1, "owners are told of theirs"
    for agent in agents:
        await desk.incidents.close_agent(agent)
    assert (await Incident.get(id=mass.id)).closed_at is not None
    await sent()
    assert await Incident.filter(closed_at=None).count() == 0


async def test_a_failure_long_after_a_mass_failure_is_told(desk: Desk) -> None:
    for agent in [await new_agent(number) for number in range(2, 7)]:
        await desk.incidents.report(Finding(Cause.CRASHED, attempts=3, gave_up=True), agent)
    desk.clock.offset += timedelta(minutes=5)
    incident = await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), desk.agent)
    assert await Notification.filter(subject=f"incident:{incident.id}").count() == 2


async def test_a_fifth_of_a_host_within_two_minutes_is_a_mass_failure_and_over_a_longer_time_is_none(
    desk: Desk,
) -> None:
    agents = [await new_agent(number) for number in range(2, 16)]
    for agent in agents[:2]:
        await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), agent)
    desk.clock.offset += timedelta(minutes=2, seconds=1)
    await desk.incidents.report(Finding(Cause.CRASHED, attempts=1), agents[2])
    assert not await Incident.filter(cause=Cause.MASS_FAILURE).exists()
    for agent in agents[3:5]:
        await desk.incidents.report(Finding(Cause.UNHEALTHY, attempts=1), agent)
    assert await Incident.filter(cause=Cause.MASS_FAILURE).count() == 1


async def test_what_keeps_developing_is_reminded_of_all_the_same(desk: Desk) -> None:
    told = []
    for _ in range(6):
        await desk.incidents.report(Finding(Cause.CRASHED, Severity.CRITICAL, attempts=4), desk.agent)
        await desk.incidents.remind()
        told.append(await desk.told(NoticeKind.INCIDENT_REMINDER))
        desk.clock.offset += timedelta(minutes=15)
    assert told == [0, 0, 1, 1, 2, 2]
