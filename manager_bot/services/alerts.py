"""Who is told of an incident, and when; what is said is put into words when it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from manager_bot.clock import Clock
from manager_bot.services.outbox import NoticeKind, Outbox
from models import Agent, Cause, Incident, Notification, Severity, User

SETTLE: Final = timedelta(seconds=5)
"""A warning about one agent waits so long: it may turn out to be part of a mass failure, which is one message."""
_TELL_OWNER_FROM = 2
"""A first crash that heals in seconds is not worth an owner's attention."""
_MINOR = (Cause.CRASHED, Cause.UNHEALTHY, Cause.DEAF)


def subject_of(incident_id: int) -> str:
    """The messages about one incident are one message."""
    return f"incident:{incident_id}"


@dataclass(frozen=True, slots=True)
class Alerts:
    """One message per admin and incident; call it inside the transaction that saves the incident."""

    clock: Clock
    outbox: Outbox

    async def tell_admins(self, incident: Incident) -> None:
        """The incident opened or developed. Snoozed, only what is critical is told."""
        now, critical = self.clock.now(), incident.severity is Severity.CRITICAL
        if incident.snoozed_until is not None and incident.snoozed_until > now and not critical:
            return
        alone = incident.agent_id is not None and not critical
        await self.outbox.post_admins(
            NoticeKind.INCIDENT,
            {"incident_id": incident.id},
            subject=subject_of(incident.id),
            urgent=critical,
            settle=SETTLE if alone else None,
        )

    async def grew_critical(self, incident: Incident) -> None:
        """An edit makes no sound: who has the message already gets another one, once."""
        await self.outbox.post_informed_admins(
            NoticeKind.INCIDENT_WORSE,
            {"incident_id": incident.id},
            about=subject_of(incident.id),
            dedupe_key=f"worse:{incident.id}",
        )

    async def tell_owner(self, incident: Incident, agent: Agent, *, attempts: int) -> None:
        """Once what is wrong, and once that it was given up."""
        minor = incident.cause in _MINOR and attempts < _TELL_OWNER_FROM
        if (minor and not incident.gave_up) or incident.cause is Cause.HIGH_MEMORY:
            return
        user = await User.get(id=agent.user_id)
        values = {"trouble": incident.cause.value, "gave_up": incident.gave_up}
        key = f"owner-gave-up:{incident.id}" if incident.gave_up else f"owner-trouble:{incident.id}"
        await self.outbox.post(user.telegram_id, NoticeKind.OWNER_TROUBLE, values, dedupe_key=key)

    async def over(self, incident: Incident) -> None:
        """A short word to each who was told that it had begun."""
        subject, values = subject_of(incident.id), {"incident_id": incident.id}
        if not await Notification.exists(subject=subject):
            return
        await self.outbox.post_admins(NoticeKind.INCIDENT, values, subject=subject)
        await self.outbox.post_admins(
            NoticeKind.INCIDENT_OVER, values, dedupe_key=f"over:{incident.id}", follows=subject
        )

    async def over_for_owner(self, incident: Incident, agent: Agent) -> None:
        """The owner who was told of it is told that it is over."""
        keys = [f"owner-trouble:{incident.id}", f"owner-gave-up:{incident.id}"]
        if await Notification.exists(dedupe_key__in=keys):
            user = await User.get(id=agent.user_id)
            key, values = f"owner-recovered:{incident.id}", {"bot_username": agent.bot_username}
            await self.outbox.post(user.telegram_id, NoticeKind.OWNER_RECOVERED, values, dedupe_key=key)
