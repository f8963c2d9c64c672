"""The audit log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from manager_bot.clock import Clock
from models import AuditEntry

_RECENT = 100


class Role(StrEnum):
    """In which role somebody acted."""

    SUBSCRIBER = "subscriber"
    ADMIN = "admin"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a Telegram id and the role it is used in. The system is ``Actor(0, Role.SYSTEM)``."""

    telegram_id: int
    role: Role


SYSTEM = Actor(0, Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class Audit:
    """Records acts; *details* must hold no secret."""

    clock: Clock

    async def record(
        self, actor: Actor, action: str, *, user_id: int | None = None, agent_id: int | None = None, **details: object
    ) -> None:
        """Write one entry, in the transaction of the act itself."""
        await AuditEntry.create(
            actor_id=actor.telegram_id,
            role=actor.role.value,
            action=action,
            user_id=user_id,
            agent_id=agent_id,
            details=details,
            created_at=self.clock.now(),
        )

    async def latest(self, action: str, **details: object) -> int | None:
        """Who did *action* last, among the recent; *details* must be among those recorded. A Telegram id."""
        async for entry in AuditEntry.filter(action=action).order_by("-id").limit(_RECENT):
            if details.items() <= {**entry.details, "agent_id": entry.agent_id}.items():
                return int(entry.actor_id)
        return None
