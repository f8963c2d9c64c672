"""From a stranger's first word to an agent that is meant to run."""

from __future__ import annotations

from house import House

from models import Agent, Stage, User


async def test_a_stranger_comes_to_an_assistant_by_pasting_a_token(house: House) -> None:
    ann = await house.world.person("Ann", username="ann", language_code="en")
    helper = await house.world.bot("ann_helper_bot", owner=ann, name="Helper")

    await ann.send(house.bot, "/start")
    await ann.wait_for(house.bot, "Hi, Ann")
    await ann.press(house.bot, "Get started")
    plans = await ann.wait_for(house.bot, "Pick a plan")
    assert "1,000,000 tokens a day" in plans.text
    assert "384 MB" in plans.text
    await ann.press(house.bot, "Free")
    card = await ann.wait_for(house.bot, "Now your bot")
    sent = await ann.send(house.bot, helper.token)
    await ann.wait_for(house.bot, "Preparing its home")
    await house.agent_runs(helper.username, Stage.STARTING)
    await ann.wait_for(house.bot, "⏳ Waking it up")
    await house.agent_runs(helper.username)
    connected = await ann.wait_for(house.bot, "Bot connected!")

    button = connected.button("Open @ann_helper_bot")
    assert button is not None
    assert button.url == "https://t.me/ann_helper_bot"
    assert connected.id == card.id, "one card, edited in place"
    messages = {message.id: message for message in await ann.messages(house.bot)}
    assert messages[sent.id].deleted
    assert await Agent.all().count() == 1
    assert (await User.get(telegram_id=ann.id)).plan == "free"
