"""A bot made by one tap, through Telegram's managed bots."""

from __future__ import annotations

import asyncio
from pathlib import Path

from house import House, open_house

from manager_bot.demo.client import Person, WorldClient
from models import Agent


async def at_the_bot_step(house: House, language: str = "en") -> Person:
    ann = await house.world.person("Ann", username="ann", language_code=language)
    await ann.send(house.bot, "/start")
    await ann.wait_for(house.bot, button="→")
    await ann.press(house.bot, data="go:plans")
    await ann.press(house.bot, data="take:starter")
    await ann.wait_for(house.bot, "👇")
    return ann


async def test_one_tap_makes_the_bot_and_the_agent(house: House) -> None:
    ann = await at_the_bot_step(house)

    await ann.press(house.bot, "Create my bot", username="ann_one_tap_bot")
    await ann.wait_for(house.bot, "Preparing its home")
    await asyncio.sleep(0.5)

    agent = await Agent.get()
    assert agent.is_managed
    assert agent.bot_username == "ann_one_tap_bot"
    assert house.vault.open(agent.bot_token).get_secret_value() == await house.world.token("ann_one_tap_bot")
    left = [m.text for m in await ann.messages(house.bot) if not m.deleted and m.outgoing]
    assert len(left) == 1, "one card, and nothing left of the key"


async def test_the_suggested_name_is_good(house: House) -> None:
    ann = await at_the_bot_step(house, "ru")

    await ann.press(house.bot, "Создать моего бота")

    await ann.wait_for(house.bot, "Готовлю место")
    agent = await Agent.get()
    assert agent.bot_username.startswith("ann_")
    assert agent.bot_name == "Помощник: Ann"


async def test_a_bot_made_by_link_is_enough(house: House) -> None:
    ann = await at_the_bot_step(house)

    await ann.new_bot(house.bot, "ann_by_link_bot")

    await ann.wait_for(house.bot, "Preparing its home")


async def test_the_key_goes_with_the_step(house: House) -> None:
    ann = await at_the_bot_step(house)

    await ann.press(house.bot, "Cancel")
    await ann.wait_for(house.bot, "You have no assistant yet")
    await asyncio.sleep(0.5)

    hints = [m for m in await ann.messages(house.bot) if m.text in {"👇 One tap is enough", "👌"}]
    assert all(m.deleted for m in hints)


async def test_news_of_a_second_bot_changes_nothing(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    before = await ann.messages(house.bot)

    await ann.new_bot(house.bot, "ann_second_bot")

    assert await ann.stays_silent(house.bot, seconds=1, after=before[-1])
    assert await Agent.all().count() == 1


async def test_without_the_right_only_pasting_is_offered(world: WorldClient, database_file: Path) -> None:
    async with open_house(world, database_file, one_tap=False) as house:
        ann = await house.world.person("Ann", username="ann", language_code="en")
        await ann.send(house.bot, "/start")
        await ann.wait_for(house.bot, button="→")
        await ann.press(house.bot, data="go:plans")
        await ann.press(house.bot, data="take:free")

        card = await ann.wait_for(house.bot, "Now your bot")

        assert "The easy way" not in card.text
        assert not (await ann.chat(house.bot)).keyboard
