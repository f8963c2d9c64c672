"""Tokens given by an admin."""

from __future__ import annotations

from dataclasses import dataclass

from manager_bot.services.audit import Actor, Audit
from manager_bot.services.budgets import Budgets
from models import User


@dataclass(frozen=True, slots=True)
class Grants:
    """Adds to a day's budget, on the record."""

    budgets: Budgets
    audit: Audit

    async def give(self, user: User, tokens: int, actor: Actor) -> None:
        """Add *tokens* to today's budget of *user*."""
        await self.audit.record(actor, "budget.grant", user_id=user.id, tokens=tokens)
        await self.budgets.grant(user.id, tokens)
