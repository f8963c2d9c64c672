"""The card, and what is asked of an agent from it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from house import House

from manager_bot.clock import utc_day
from manager_bot.telegram import middlewares
from models import Agent, AuditEntry, Budget, DesiredState, Notification, Source, Stage, Tier, Trouble, UsageLog, User


async def test_stop_and_start_are_saved_as_wishes_and_shown(house: House) -> None:
    ann, _ = await house.subscriber("Ann")

    await ann.press(house.bot, "Stop")
    await ann.wait_for(house.bot, "Stopping")
    assert (await Agent.get()).desired_state is DesiredState.STOPPED

    await ann.press(house.bot, "Start")
    await ann.wait_for(house.bot, "Restarting")
    assert (await Agent.get()).desired_state is DesiredState.RUNNING
    assert await AuditEntry.filter(actor_id=ann.id, role="subscriber").values_list("action", flat=True) == [
        "plan.choose",
        "agent.create",
        "agent.stop",
        "agent.start",
    ]


async def test_restart_by_command_moves_the_card_to_the_end(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    old = await ann.wait_for(house.bot, "Bot connected!")

    sent = await ann.send(house.bot, "/restart")
    card = await ann.wait_for(house.bot, "Restarting", after=sent)

    assert (await Agent.get()).restart_asked_at is not None
    messages = {m.id: m for m in await ann.messages(house.bot)}
    assert messages[old.id].deleted
    await house.agent_runs("ann_helper_bot")
    await ann.wait_for(house.bot, lambda m: m.id == card.id and "Bot connected!" in m.text)


async def test_the_card_shows_trouble_and_its_end(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    agent = await Agent.get()
    agent.trouble, agent.revision = Trouble.OUT_OF_MEMORY, agent.revision + 1
    await agent.save()
    await ann.wait_for(house.bot, "ran out of memory")

    agent.trouble, agent.revision = None, agent.revision + 1
    await agent.save()

    await ann.wait_for(house.bot, "Bot connected!")


async def test_a_card_somebody_deleted_comes_back(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    card = await ann.wait_for(house.bot, "Bot connected!")
    await ann.delete(house.bot, card)

    await house.agent_runs("ann_helper_bot", Stage.STARTING)

    await ann.wait_for(house.bot, "⏳ Waking it up", after=card)


async def test_another_screen_is_not_overwritten_by_the_agents_news(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    await ann.press(house.bot, "Usage")
    await ann.wait_for(house.bot, "📈 Usage")

    await house.agent_runs("ann_helper_bot", Stage.STARTING)
    await asyncio.sleep(1.5)

    await ann.wait_for(house.bot, "📈 Usage", within=0.1)
    await ann.press(house.bot, "Back")
    await ann.wait_for(house.bot, "⏳ Waking it up")


async def test_the_card_goes_on_after_a_restart_of_the_manager(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    card = await ann.wait_for(house.bot, "Bot connected!")
    await house.manager.stop()
    await house.agent_runs("ann_helper_bot", Stage.STARTING)

    await house.begin_again()

    await ann.wait_for(house.bot, lambda m: m.id == card.id and "Waking it up" in m.text)
    await ann.press(house.bot, "Stop")
    await ann.wait_for(house.bot, "Stopping")


async def test_usage_is_exact(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    user, today = await User.get(telegram_id=ann.id), utc_day(house.clock.now())
    await Budget.create(user_id=user.id, date=today, used=812_345)
    spent = {"user_id": user.id, "source": Source.CHAT, "date": today}
    await UsageLog.create(**spent, tier=Tier.LITE, message_count=11, token_count=12_345)
    await UsageLog.create(**spent, tier=Tier.PRO, message_count=2, token_count=800_000)
    await UsageLog.create(**{**spent, "date": "2026-01-01"}, tier=Tier.PRO, message_count=9, token_count=9)

    sent = await ann.send(house.bot, "/usage")
    card = await ann.wait_for(house.bot, "📈", after=sent)

    assert "812,345 of 1,000,000 tokens" in card.text
    assert "▰▰▰▰▰▰▰▰▱▱ 81%" in card.text
    rows = [line.split() for line in card.text.splitlines()]
    assert ["Messages", "13", "13", "13"] in rows
    assert ["Tokens", "812,345", "812,345", "812,345"] in rows
    assert ["Simple", "12,345"] in rows
    assert ["Complex", "800,000"] in rows


async def test_logs_are_shown_redacted_and_harmless(house: House) -> None:
    ann, helper = await house.subscriber("Ann")
    house.runtime.written = f"<b>bold</b> & token {helper.token}\n" + "x" * 9000

    sent = await ann.send(house.bot, "/logs")
    card = await ann.wait_for(house.bot, "wrote down", after=sent)
    assert helper.token not in card.text

    house.runtime.written = f"<b>bold</b> & token {helper.token}"
    await ann.press(house.bot, "Refresh")
    await ann.wait_for(house.bot, "<b>bold</b> & token [redacted]")


async def test_deleting_asks_for_the_name(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    await ann.press(house.bot, "Delete")
    await ann.wait_for(house.bot, "type its name")

    await ann.send(house.bot, "yes")
    await ann.wait_for(house.bot, "That is not its name")
    assert (await Agent.get()).desired_state is DesiredState.RUNNING

    await ann.send(house.bot, "@Ann_Helper_Bot")
    await ann.wait_for(house.bot, "Deleting")
    agent = await Agent.get()
    assert agent.desired_state is DesiredState.REMOVED

    await agent.delete()
    await ann.wait_for(house.bot, "You have no assistant yet")


async def test_back_and_cancel_leave_a_deletion(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    await ann.press(house.bot, "Delete")
    await ann.press(house.bot, "Back")
    await ann.send(house.bot, "ann_helper_bot")

    await ann.wait_for(house.bot, "I only look after your assistant")
    await ann.press(house.bot, "Delete")
    await ann.send(house.bot, "/cancel")
    await ann.wait_for(house.bot, "Cancelled")
    assert (await Agent.get()).desired_state is DesiredState.RUNNING


async def test_russian_throughout(house: House) -> None:
    ann, _ = await house.subscriber("Anya", language="ru")

    card = await ann.wait_for(house.bot, "Бот подключён!")
    assert card.has_button("Остановить")
    await ann.press(house.bot, "Язык")
    await ann.press(house.bot, "English")
    await ann.wait_for(house.bot, "Bot connected!")
    assert (await User.get(telegram_id=ann.id)).language == "en"


async def test_language_is_changed_while_being_welcomed(house: House) -> None:
    eva = await house.world.person("Eva", username="eva", language_code="de")
    await eva.send(house.bot, "/start")
    await eva.wait_for(house.bot, "Hi, Eva")

    await eva.press(house.bot, "Русский")

    await eva.wait_for(house.bot, "Здравствуйте, Eva")


async def test_pressing_twice_and_pressing_nothing_new_are_harmless(house: House) -> None:
    ann, _ = await house.subscriber("Ann")

    await asyncio.gather(ann.press(house.bot, "Restart"), ann.press(house.bot, "Restart"))
    first = await ann.press(house.bot, "Usage")
    again = await ann.press(house.bot, "Refresh")

    assert first.answered
    assert again.answered
    assert not again.alert


async def test_what_was_said_while_the_manager_was_away_for_long_is_not_acted_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = await house.subscriber("Ann")
    await house.manager.stop()
    monkeypatch.setattr(middlewares, "STALE", timedelta(seconds=-1))
    await ann.send(house.bot, "/restart")
    await house.begin_again()

    await ann.wait_for(house.bot, "I was away when you wrote")

    assert (await Agent.get()).restart_asked_at is None


async def test_blocking_the_manager_ends_what_it_sends(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    await ann.block(house.bot)
    await house.agent_runs("ann_helper_bot", Stage.STARTING)
    await asyncio.sleep(1.5)
    assert (await User.get(telegram_id=ann.id)).has_blocked

    await ann.unblock(house.bot)
    await ann.send(house.bot, "/status")

    await ann.wait_for(house.bot, "Waking it up")
    assert not (await User.get(telegram_id=ann.id)).has_blocked
    assert not await Notification.filter(chat_id=ann.id).exists()


async def test_an_old_plan_button_does_not_change_a_running_agents_plan(house: House) -> None:
    ann, _ = await house.subscriber("Ann")

    pressed = await house.forge(ann, "take:pro")

    assert pressed.alert
    assert "already have an assistant" in str(pressed.text)
    assert (await User.get(telegram_id=ann.id)).plan == "free"


async def test_a_full_house_says_so_before_a_bot_is_made(house: House) -> None:
    for number in range(1, 6):
        owner = await User.create(telegram_id=number, name="Someone", plan="pro")
        secret = ("bot_token", "bot_token_fingerprint", "gateway_key", "gateway_key_fingerprint")
        named = {name: f"{name}{number}" for name in (*secret, "bot_username", "bot_name", "container_name")}
        await Agent.create(user_id=owner.id, bot_id=number, container_port=number, **named)
    ann = await house.world.person("Ann", username="ann", language_code="en")
    await ann.send(house.bot, "/start")
    await ann.wait_for(house.bot, "Hi, Ann")
    await ann.press(house.bot, "Get started")
    await ann.wait_for(house.bot, "No places left right now")

    pressed = await ann.press(house.bot, "Free")

    assert pressed.alert
    assert "no room for this plan" in str(pressed.text)
