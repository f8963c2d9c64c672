"""What the console needs of whoever keeps the incidents."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from manager_bot.services.audit import Actor
from models import Incident


class IncidentDesk(Protocol):
    """What admins do about incidents; who acts second is told who was first (a Telegram id).

    Acts on what has ended raise :class:`~manager_bot.errors.IncidentOver`.
    """

    async def acknowledge(self, incident_id: int, actor: Actor) -> int | None:
        """An admin has seen it; the Telegram id of the first who had."""
        ...

    async def snooze(self, incident_id: int, actor: Actor, period: timedelta) -> int | None:
        """Say no more about it for *period*, unless it becomes critical."""
        ...

    async def publish(self, incident_id: int, actor: Actor, *, public: bool) -> None:
        """Show it on the status page, or no more."""
        ...

    async def stop_trying(self, incident_id: int, actor: Actor) -> int | None:
        """Restart no more; the agent stays down until somebody starts it."""
        ...

    async def owner_of(self, incident_id: int) -> int:
        """The id of the user whose agent it is about; raises :class:`~manager_bot.errors.UserUnknown`."""
        ...

    async def open_incidents(self) -> list[Incident]:
        """What is wrong right now, worst and newest first."""
        ...
