"""Which tier a person's words need: simple, code or complex, judged in well under a millisecond.

Rules written by hand (``evidence.py``) know structure and stems; a small model learned from labelled prompts
(``learned_routing.py``) weighs what they found together with the words themselves. Doubt goes upwards: a hard question
sent to the small model costs the person more than an easy one sent to a larger one costs the platform.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from manager_bot.gateway.policy.learned_routing import odds
from manager_bot.tiers import Tier


class QueryClass(StrEnum):
    """What a prompt asks for (the seed's three classes)."""

    SIMPLE = "simple"
    CODE = "code"
    COMPLEX = "complex"


TIERS: Final = {QueryClass.SIMPLE: Tier.LITE, QueryClass.CODE: Tier.FLASH, QueryClass.COMPLEX: Tier.PRO}

SURE: Final = 0.55
"""The chance of being simple from which on a prompt goes to the lite tier."""


def classify(text: str) -> QueryClass:
    """The class of a person's words; nothing said is simple."""
    if not text.strip():
        return QueryClass.SIMPLE
    found = odds(text)
    if found.simple >= SURE:
        return QueryClass.SIMPLE
    return QueryClass.CODE if found.code >= found.complex else QueryClass.COMPLEX


def tier_of(query: QueryClass) -> Tier:
    """The tier that answers a class."""
    return TIERS[query]
