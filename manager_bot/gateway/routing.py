"""Which tier answers a request: the one seam between the door and the routing policy."""

from __future__ import annotations

from typing import Final

from manager_bot.gateway.policy.routing import classify, tier_of
from manager_bot.gateway.policy.words import RequestKind, Turn
from manager_bot.plans import PlanName, plan_of
from manager_bot.tiers import Tier, TierWish

_ASKED: Final = frozenset({RequestKind.CHAT, RequestKind.TOOL_LOOP})
_MOST_TURNS: Final = 10_000
_KNOWN: Final[dict[str, Tier]] = {}
"""By a turn's key, which its whole tool loop shares: it is judged once."""


def choose_tier(turn: Turn, wish: TierWish, plan: PlanName) -> Tier:
    """The subscriber's wish as far as the plan goes, else by the person's words.

    Both stay the same through a turn's tool loop, and so does the tier. Heartbeats and the agent's own compaction are
    nobody's question: neither a wish nor what they quote makes them dearer.
    """
    if turn.kind not in _ASKED:
        return Tier.LITE
    if wish is TierWish.AUTO:
        return _by_words(turn)
    wished, most, order = Tier(wish.value), plan_of(plan).best_wish, list(Tier)
    return wished if order.index(wished) <= order.index(most) else most


def _by_words(turn: Turn) -> Tier:
    tier = _KNOWN.get(turn.key)
    if tier is None:
        if len(_KNOWN) >= _MOST_TURNS:
            _KNOWN.clear()
        tier = _KNOWN[turn.key] = tier_of(classify(turn.words))
    return tier
