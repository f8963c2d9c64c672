"""Telling a person how far the day's budget is used: at 80, 95 and 100 %, once each a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tortoise.transactions import in_transaction

from manager_bot.services.holds import Standing
from manager_bot.services.outbox import NoticeKind, Outbox
from models import Agent, Budget, User

STEPS: Final = (100, 95, 80)
"""Percent of the budget at which its owner is told, highest first."""


@dataclass(frozen=True, slots=True)
class BudgetNotices:
    """Posts the notices. ``manager_username`` names the manager bot for the link in the agent's chat."""

    outbox: Outbox
    manager_username: Callable[[], str]

    async def spent(self, budget: Standing, limit: int) -> None:
        """After a call was booked; *limit* is the plan's, without what was granted."""
        if (step := step_of(budget, limit)) is not None:
            await self._tell(budget, limit, step)

    async def used_up(self, budget: Budget | Standing, limit: int) -> None:
        """A call was refused for good today, even if a few tokens are left that no call fits in."""
        if budget.noticed_percent < STEPS[0]:
            await self._tell(budget, limit, STEPS[0])

    async def _tell(self, budget: Budget | Standing, limit: int, step: int) -> None:
        """Whoever raises the mark posts, so that of many calls at the edge one tells."""
        user = await User.get(id=budget.user_id)
        agent = await Agent.get_or_none(user_id=budget.user_id)
        values = {"percent": step, "used": budget.used, "limit": limit + budget.granted}
        async with in_transaction() as connection:
            mine = Budget.filter(id=budget.id, noticed_percent__lt=step).using_db(connection)
            if not await mine.update(noticed_percent=step):
                return
            await self.outbox.post(user.telegram_id, NoticeKind.BUDGET_NOTICE, values)
            if step == STEPS[0] and agent is not None:
                silent = {"reason": "over_budget", "manager_username": self.manager_username()}
                await self.outbox.post(user.telegram_id, NoticeKind.AGENT_SILENT, silent, token_of=agent.id)


def step_of(budget: Standing, limit: int) -> int | None:
    """The step a budget has passed and its owner was not told of; *limit* is the plan's, without what was granted."""
    percent = budget.used * 100 // max(1, limit + budget.granted)
    if percent < STEPS[-1]:
        return None
    step = next(one for one in STEPS if percent >= one)
    return step if step > budget.noticed_percent else None
