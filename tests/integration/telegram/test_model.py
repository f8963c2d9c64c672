"""Choosing the model, and what saving shows."""

from __future__ import annotations

from house import House

from manager_bot.clock import utc_day
from manager_bot.tiers import TierWish
from models import Source, Tier, UsageLog, User


async def test_a_model_is_chosen_by_button_as_far_as_the_plan_goes(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    await ann.send(house.bot, "/model")
    card = await ann.wait_for(house.bot, "Which model answers")
    assert "bigger plans" in card.text

    await ann.press(house.bot, "Balanced")
    await ann.wait_for(house.bot, lambda m: any("✓ 🛠" in key.text for row in m.buttons for key in row))
    assert (await User.get(telegram_id=ann.id)).tier_wish is TierWish.FLASH


async def test_usage_shows_the_choice_and_what_was_saved(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    user = await User.get(telegram_id=ann.id)
    await User.filter(id=user.id).update(tier_wish=TierWish.LITE)
    row = {"user_id": user.id, "date": utc_day(house.clock.now()), "tier": Tier.LITE, "token_count": 900}
    await UsageLog.create(**row, source=Source.CHAT, saved_tokens=12_345)
    await UsageLog.create(**row, source=Source.COMPACTION, saved_tokens=-345)

    sent = await ann.send(house.bot, "/usage")
    card = await ann.wait_for(house.bot, "Usage", after=sent)
    assert "Saved today: 12,000 tokens" in card.text
    assert "Model: ⚡️ Fast" in card.text
