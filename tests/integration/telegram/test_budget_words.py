"""What people read of budgets: a notice with a way to a bigger plan, and what was saved."""

from __future__ import annotations

from house import House

from manager_bot.clock import utc_day
from manager_bot.plans import PlanName
from manager_bot.services.budgets import Budgets
from manager_bot.services.holds import Ask, Spending
from manager_bot.services.ledger import Ledger
from manager_bot.services.notices import BudgetNotices
from models import Source, Tier, UsageLog, User


async def test_a_notice_comes_with_the_way_to_a_bigger_plan(house: House) -> None:
    ann, helper = await house.subscriber("Ann")
    await ann.send(helper, "/start")
    user = await User.get(telegram_id=ann.id)
    budgets = Budgets(house.clock, BudgetNotices(house.outbox, lambda: house.bot.username), Ledger("test"))
    for spent, told in ((810_000, "81%"), (145_000, "95%"), (50_000, "used up")):
        hold = await budgets.reserve(Ask(user.id, PlanName.FREE, 100, 300, Tier.LITE, Source.CHAT))
        await budgets.settle(hold, Spending(spent))
        notice = await ann.wait_for(house.bot, "of today's tokens" if "%" in told else told)
        assert notice.has_button("Plan")
        await ann.delete(house.bot, notice)

    silent = await ann.wait_for(helper, "tokens")
    assert any(key.url == f"https://t.me/{house.bot.username}" for row in silent.buttons for key in row)


async def test_the_overview_tells_what_was_saved_today(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    user = await User.get(telegram_id=ann.id)
    row = {"user_id": user.id, "date": utc_day(house.clock.now()), "tier": Tier.LITE, "token_count": 900}
    await UsageLog.create(**row, source=Source.TOOL_LOOP, saved_tokens=1_234_500)
    await UsageLog.create(**row, source=Source.COMPACTION, saved_tokens=-500)
    await house.root.send(house.bot, "/admin")

    card = await house.root.wait_for(house.bot, "Overview")

    assert "Saved today: 1,234,000" in card.text
