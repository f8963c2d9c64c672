"""Which class of model a subscriber wants."""

from __future__ import annotations

from manager_bot.errors import TierNotInPlan
from manager_bot.plans import PlanName, plan_of
from manager_bot.tiers import Tier, TierWish
from models import User


def wishes_of(plan: str | None) -> list[TierWish]:
    """What may be wished for on a plan, the freest first; who has none yet is treated as on the free one."""
    tiers = list(Tier)
    best = tiers.index(plan_of(plan or PlanName.FREE).best_wish)
    return [TierWish.AUTO, *(TierWish(tier.value) for tier in tiers[: best + 1])]


async def wish_for(user: User, wish: TierWish) -> None:
    """The user wants *wish* from the next message on; raises :class:`TierNotInPlan`."""
    if wish not in wishes_of(user.plan):
        raise TierNotInPlan
    user.tier_wish = wish
    await user.save(update_fields=["tier_wish"])
