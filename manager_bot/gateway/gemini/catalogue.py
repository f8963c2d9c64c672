"""The models agents are shown: the virtual one, and what it maps to."""

from __future__ import annotations

from typing import Final

from manager_bot.config import Settings
from manager_bot.gateway.policy.body import JsonObject
from manager_bot.gateway.policy.window import WINDOW
from manager_bot.openclaw.config import MODEL
from manager_bot.tiers import Tier

EMBEDDING: Final = "gemini-embedding-001"
"""The one embedding model; agents may also name the virtual model."""
_OUTPUT: Final = 8192


def tier_named(settings: Settings, model: str) -> Tier | None:
    """The tier an agent asked for by its model's real id."""
    return next((tier for tier in Tier if settings.model_of(tier) == model), None)


def generates(settings: Settings, model: str) -> bool:
    """Whether *model* may be asked to write."""
    return model == MODEL or tier_named(settings, model) is not None


def embeds(model: str) -> bool:
    """Whether *model* may be asked to embed."""
    return model in {MODEL, EMBEDDING}


def cards(settings: Settings) -> list[JsonObject]:
    """All of them, as ``models.list`` shows them."""
    names = dict.fromkeys([MODEL, *(settings.model_of(tier) for tier in Tier), EMBEDDING])
    return [_card(name) for name in names]


def _card(name: str) -> JsonObject:
    writes = ["generateContent", "streamGenerateContent", "countTokens"]
    verbs = ["embedContent", "batchEmbedContents"] if name == EMBEDDING else writes
    return {
        "name": f"models/{name}",
        "displayName": "ClawBot" if name == MODEL else name,
        "version": "1",
        "inputTokenLimit": WINDOW,
        "outputTokenLimit": _OUTPUT,
        "supportedGenerationMethods": [*verbs],
    }
