"""An admin shows an incident to the public, and takes it off again."""

from __future__ import annotations

from house import House

from manager_bot.services.outbox import NoticeKind
from models import AuditEntry, Cause, Incident, Severity


async def test_an_alert_is_published_and_withdrawn_by_its_button(house: House) -> None:
    now = house.clock.now()
    there = await Incident.create(cause=Cause.GEMINI_DOWN, severity=Severity.CRITICAL, opened_at=now, updated_at=now)
    await house.root.send(house.bot, "/start")
    await house.outbox.post_admins(NoticeKind.INCIDENT, {"incident_id": there.id}, subject=f"incident:{there.id}")
    alert = await house.root.wait_for(house.bot, "Gemini does not answer", button="Show on the status page")
    pressed = await house.root.press(house.bot, "Show on the status page", message=alert)
    assert pressed.text is not None
    assert "The status page shows it now" in pressed.text
    await house.root.wait_for(house.bot, button="Take off the status page")
    await house.root.press(house.bot, "Take off the status page", message=alert)
    acts = await AuditEntry.all().values_list("action", "actor_id")
    assert acts == [("incident.publish", house.root.id), ("incident.withdraw", house.root.id)]
