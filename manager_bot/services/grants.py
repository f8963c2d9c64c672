"""Tokens given by an admin."""

from __future__ import annotations

from dataclasses import dataclass

from tortoise.transactions import in_transaction

from manager_bot.services.audit import Actor, Audit
from manager_bot.services.budgets import Budgets
from models import AuditEntry, User

ACTION = "budget.grant"


@dataclass(frozen=True, slots=True)
class Grants:
    """Adds to a day's budget, on the record."""

    budgets: Budgets
    audit: Audit

    async def give(self, user: User, tokens: int, actor: Actor, press: str) -> None:
        """Add *tokens* to today's budget of *user*, once for each *press*.

        Telegram delivers a press again if we died before confirming it: the record, which stands or falls with the
        grant, tells that it was given. The lock makes two deliveries at one moment take turns.
        """
        async with in_transaction():
            await User.select_for_update().get(id=user.id)
            if await self._was_given(user, actor, press):
                return
            await self.audit.record(actor, ACTION, user_id=user.id, tokens=tokens, press=press)
            await self.budgets.grant(user.id, tokens)

    async def _was_given(self, user: User, actor: Actor, press: str) -> bool:
        given = AuditEntry.filter(actor_id=actor.telegram_id, action=ACTION, user_id=user.id)
        return any(entry.details.get("press") == press for entry in await given)
