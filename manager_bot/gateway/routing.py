"""Which tier answers a request: the one seam between the door and the routing policy."""

from __future__ import annotations

from manager_bot.gateway.policy.routing import classify, tier_of
from manager_bot.gateway.policy.words import Turn
from manager_bot.tiers import Tier


def choose_tier(turn: Turn) -> Tier:
    """By the person's words of the turn, which stay the same through its tool loop, and so does the tier."""
    return tier_of(classify(turn.words))
