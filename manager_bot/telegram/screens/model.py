"""Which class of model answers: as a choice, and as a line elsewhere."""

from __future__ import annotations

from manager_bot.services.wishes import wishes_of
from manager_bot.telegram.callbacks import Goto, Wish
from manager_bot.telegram.view import Key, View, back
from manager_bot.telegram.words import Words, joined
from manager_bot.texts import Html
from manager_bot.tiers import TierWish
from models import User


def model_card(words: Words, user: User) -> View:
    """What is chosen, and what can be; tiers beyond the plan are named, not offered."""
    offered = wishes_of(user.plan)
    missing = len(offered) < len(TierWish)
    text = joined(words("model.title"), words("model.about"), words("model.more") if missing else "", gap="\n\n")
    keys = [Key(("✓ " if wish is user.tier_wish else "") + words(f"model.{wish}"), Wish(tier=wish)) for wish in offered]
    return View("model", text, (*([key] for key in keys), [back(words, Goto.HOME)]))


def model_line(words: Words, user: User) -> Html:
    """The choice in one line."""
    return words("model.line", model=words(f"model.{user.tier_wish}"))
