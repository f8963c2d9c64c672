"""What the gateway remembers between requests: exact counts, and summaries within bounds."""

from __future__ import annotations

import pytest

from manager_bot.gateway.gemini import summaries
from manager_bot.gateway.gemini.anchors import Anchors
from manager_bot.gateway.gemini.requests import thinking_as_allowed
from manager_bot.gateway.gemini.summaries import Shelf
from manager_bot.gateway.policy.body import JsonObject
from manager_bot.gateway.policy.tokens import estimate_request
from manager_bot.plans import PlanName
from manager_bot.services.wishes import wishes_of
from manager_bot.tiers import Tier, TierWish


def _said(*texts: str) -> JsonObject:
    roles = ("user", "model")
    return {"contents": [{"role": roles[at % 2], "parts": [{"text": text}]} for at, text in enumerate(texts)]}


LOG = "2026-11-23 12:00:01 level=warn request=77 took 3 ms; " * 40


def test_only_what_is_new_is_guessed() -> None:
    anchors, first, second = Anchors(), _said(LOG), _said(LOG, "Done.", "And now?")
    guess = anchors.estimate(7, first)
    assert guess.tokens == estimate_request(first)
    anchors.learn(7, guess, 500)

    new = estimate_request(second) - estimate_request(first)
    assert anchors.estimate(7, second).tokens == 500 + new
    assert anchors.estimate(8, second).tokens == estimate_request(second)


def test_another_conversation_of_the_same_agent_is_guessed_anew() -> None:
    anchors = Anchors()
    anchors.learn(7, anchors.estimate(7, _said(LOG)), 500)
    other = _said("Something else entirely.", "Yes?", "Go on.")
    assert anchors.estimate(7, other).tokens == estimate_request(other)


def test_openclaws_moving_context_is_no_part_of_the_beginning() -> None:
    context = (
        "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nOpenClaw runtime context (internal):\n"
        "This context is runtime-generated\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>"
    )
    moving: JsonObject = {"role": "user", "parts": [{"text": context}]}
    anchors, asked = Anchors(), _said(LOG)
    first: JsonObject = {"contents": [*asked["contents"], moving]}  # type: ignore[list-item,misc]
    anchors.learn(7, anchors.estimate(7, first), 600)
    second: JsonObject = {"contents": [*_said(LOG, "Done.", "And now?")["contents"], moving]}  # type: ignore[list-item,misc]
    assert anchors.estimate(7, second).tokens < estimate_request(second)


def test_the_shelf_is_bounded_for_each_and_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "_MOST_EACH", 2)
    monkeypatch.setattr(summaries, "_MOST_CHARACTERS", 30)
    shelf = Shelf()
    for key in "abc":
        shelf.keep(1, key, "x" * 8)
    assert [shelf.recall(1, key) is not None for key in "abc"] == [False, True, True]
    shelf.keep(2, "b", "y" * 20)
    assert shelf.recall(1, "b") is None
    assert shelf.recall(2, "b") == "y" * 20
    assert shelf.recall(3, "b") is None


@pytest.mark.parametrize("tier", [Tier.LITE, Tier.FLASH])
def test_only_pro_must_think(tier: Tier) -> None:
    body: JsonObject = {
        "generationConfig": {"topK": 1, "thinkingConfig": {"thinkingBudget": 0, "includeThoughts": True}}
    }
    assert thinking_as_allowed(body, tier) is body
    assert thinking_as_allowed(body, Tier.PRO) == {
        "generationConfig": {"topK": 1, "thinkingConfig": {"includeThoughts": True}}
    }
    some: JsonObject = {"generationConfig": {"thinkingConfig": {"thinkingBudget": 128}}}
    assert thinking_as_allowed(some, Tier.PRO) is some


def test_a_plan_caps_what_can_be_wished_for() -> None:
    assert wishes_of(None) == wishes_of(PlanName.FREE) == [TierWish.AUTO, TierWish.LITE, TierWish.FLASH]
    assert wishes_of(PlanName.PRO) == list(TierWish)
