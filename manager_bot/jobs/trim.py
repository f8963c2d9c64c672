"""Old rows that nobody reads any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from manager_bot.clock import Clock
from models import ContainerEventRow, FsmState, Incident, Notification, NotificationState

EVENTS_KEPT = timedelta(days=90)
NOTIFICATIONS_KEPT = timedelta(days=30)
"""Longer than any message may still be edited by Telegram's rules, or a dedupe key come again."""
CONVERSATIONS_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Trim:
    """Keeps tables from growing for ever. What is still to be sent, or belongs to an open incident, stays."""

    clock: Clock

    async def run(self) -> int:
        """Delete what is older than its keeping time; how many rows there were."""
        now = self.clock.now()
        events = await ContainerEventRow.filter(created_at__lt=now - EVENTS_KEPT).delete()
        conversations = await FsmState.filter(updated_at__lt=now - CONVERSATIONS_KEPT).delete()
        return events + conversations + await self._notifications()

    async def _notifications(self) -> int:
        old = Notification.filter(created_at__lt=self.clock.now() - NOTIFICATIONS_KEPT)
        settled = old.exclude(state=NotificationState.PENDING)
        open_ids = await Incident.filter(closed_at=None).values_list("id", flat=True)
        needed = [f"incident:{number}" for number in open_ids]
        ids = [int(str(row["id"])) for row in await settled.values("id", "subject") if row["subject"] not in needed]
        return await Notification.filter(id__in=ids).delete() if ids else 0
