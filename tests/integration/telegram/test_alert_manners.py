"""Alerts people can live with: who is on it, not now, not at night."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from house import House

from manager_bot.services.outbox import NoticeKind
from models import Cause, Incident, Notification, NotificationState, Severity, User


async def _incident(house: House, **changes: object) -> Incident:
    now = house.clock.now()
    values = {"cause": Cause.GEMINI_DOWN, "severity": Severity.CRITICAL, "opened_at": now, "updated_at": now}
    return await Incident.create(open_key="x", **{**values, **changes})


async def test_the_second_admin_sees_who_acknowledged(house: House) -> None:
    await house.root.send(house.bot, "/start")
    await User.create(telegram_id=77, name="Olga")
    there = await _incident(house)
    await house.outbox.post_admins(NoticeKind.INCIDENT, {"incident_id": there.id}, subject=f"incident:{there.id}")
    alert = await house.root.wait_for(house.bot, "Gemini does not answer")
    await Incident.filter(id=there.id).update(acknowledged_by=77, acknowledged_at=house.clock.now())

    pressed = await house.root.press(house.bot, "Acknowledge", message=alert)

    assert pressed.text is not None
    assert "Olga was faster" in pressed.text
    await house.outbox.post_admins(NoticeKind.INCIDENT, {"incident_id": there.id}, subject=f"incident:{there.id}")
    await house.root.wait_for(house.bot, lambda m: m.id == alert.id and "Olga is looking into it" in m.text)


async def test_an_alert_is_snoozed_by_its_button(house: House) -> None:
    await house.root.send(house.bot, "/start")
    there = await _incident(house)
    await house.outbox.post_admins(NoticeKind.INCIDENT, {"incident_id": there.id}, subject=f"incident:{there.id}")
    alert = await house.root.wait_for(house.bot, "Gemini does not answer")

    await house.root.press(house.bot, "1 hour", message=alert)

    await house.root.wait_for(house.bot, lambda m: m.id == alert.id and "Snoozed until" in m.text)


async def test_a_reminder_is_a_message_of_its_own_and_goes_unsaid_once_somebody_is_on_it(house: House) -> None:
    await house.root.send(house.bot, "/start")
    there = await _incident(house)
    await house.outbox.post_admins(NoticeKind.INCIDENT_REMINDER, {"incident_id": there.id})
    await house.root.wait_for(house.bot, "nobody has taken it on", button="Acknowledge")
    await Incident.filter(id=there.id).update(acknowledged_at=house.clock.now())
    await house.outbox.post_admins(NoticeKind.INCIDENT_REMINDER, {"incident_id": there.id})
    for _ in range(100):
        if not await Notification.filter(state=NotificationState.PENDING).exists():
            break
        await asyncio.sleep(0.05)
    said = [m for m in await house.root.messages(house.bot) if "nobody has taken it on" in m.text]
    assert len(said) == 1


async def test_quiet_hours_are_set_shown_and_ended_by_command(house: House) -> None:
    root = house.root
    await root.send(house.bot, "/quiet")
    await root.wait_for(house.bot, "no quiet hours")
    await root.send(house.bot, "/quiet 22-7 Europe/Berlin")
    await root.wait_for(house.bot, "22:00-07:00 Europe/Berlin")
    assert (await User.get(telegram_id=root.id)).quiet_hours == "22:00-07:00 Europe/Berlin"
    await root.send(house.bot, "/quiet at night")
    await root.wait_for(house.bot, "do not understand")
    await root.send(house.bot, "/quiet off")
    await root.wait_for(house.bot, "no quiet hours")
    assert (await User.get(telegram_id=root.id)).quiet_hours is None
    ann = await house.world.person("Ann", username="ann", language_code="en")
    await ann.send(house.bot, "/quiet 22-7")
    await ann.wait_for(house.bot, "administrators")


async def test_a_message_that_waits_for_the_morning_holds_up_no_other(house: House) -> None:
    root = house.root
    await root.send(house.bot, "/start")
    due = house.clock.now() + timedelta(hours=3)
    await house.outbox.post(root.id, NoticeKind.MESSAGE_FROM_ADMIN, {"text": "in the morning"}, due_at=due)
    await house.outbox.post(root.id, NoticeKind.MESSAGE_FROM_ADMIN, {"text": "at once"})
    await root.wait_for(house.bot, "at once")
    assert not [m for m in await root.messages(house.bot) if "in the morning" in m.text]
    house.clock.offset += timedelta(hours=3)
    await root.wait_for(house.bot, "in the morning")
