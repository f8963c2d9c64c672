"""GitHub in the chat: the first step where it is configured, /github, and back from the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from fixtures.settings import MakeSettings
from fixtures.web_house import WebHouse, github_settings, open_web_house
from house import House

from manager_bot.demo.client import MessageView, Person
from manager_bot.demo.github import Browser
from models import Agent, User


@dataclass
class Town:
    """A manager bot and a web component on one database."""

    house: House
    web: WebHouse

    async def begun(self, name: str = "Ann") -> tuple[Person, MessageView]:
        """A person before the GitHub step."""
        person = await self.house.world.person(name, username=name.lower(), language_code="en")
        await person.send(self.house.bot, "/start")
        await person.wait_for(self.house.bot, f"Hi, {name}")
        await person.press(self.house.bot, "Get started")
        return person, await person.wait_for(self.house.bot, "Connect GitHub")

    async def follow(self, card: MessageView) -> Browser:
        """A browser that opened the card's link."""
        button = card.button("Open GitHub")
        assert button is not None
        assert button.url is not None
        browser = await self.web.browser()
        await browser.open(button.url)
        return browser

    async def connect(self, card: MessageView) -> None:
        """The whole way through the browser."""
        browser = await self.follow(card)
        await browser.press("Authorize as @ann")
        await browser.press("Connect")
        assert "GitHub connected" in browser.text


@pytest.fixture
async def town(house: House, make_settings: MakeSettings, free_port: int) -> AsyncIterator[Town]:
    settings = make_settings(**github_settings(house.world.root, free_port))
    async with open_web_house(settings, house.world, house.clock, house.vault) as web:
        await house.manager.stop()
        house.use = replace(house.use, links=web.links)
        await house.begin_again()
        yield Town(house, web)


async def test_github_comes_before_the_plan_and_the_card_goes_on_by_itself(town: Town) -> None:
    house = town.house
    ann, card = await town.begun()
    await town.connect(card)
    plans = await ann.wait_for(house.bot, "Pick a plan")
    assert plans.id == card.id
    assert "GitHub is connected as @ann" in plans.text
    await ann.press(house.bot, "Free")
    await ann.wait_for(house.bot, "Now your bot")
    assert (await User.get(telegram_id=ann.id)).github_username == "ann"


async def test_nobody_gets_past_it(town: Town) -> None:
    house = town.house
    ann, _ = await town.begun()
    helper = await house.world.bot("ann_helper_bot", owner=ann, name="Helper")
    await ann.send(house.bot, "/plan")
    await ann.wait_for(house.bot, "Pick a plan")
    pressed = await ann.press(house.bot, "Free")
    assert pressed.text is not None
    assert "No GitHub account is connected" in pressed.text
    await ann.send(house.bot, helper.token)
    await ann.wait_for(house.bot, "No GitHub account is connected")
    assert await Agent.all().count() == 0
    assert (await User.get(telegram_id=ann.id)).plan is None


async def test_what_went_wrong_in_the_browser_is_said_in_the_chat(town: Town) -> None:
    ann, card = await town.begun()
    browser = await town.follow(card)
    await browser.press("Cancel")
    await ann.wait_for(town.house.bot, "GitHub was not connected")
    await ann.press(town.house.bot, "New link")
    fresh = await ann.wait_for(town.house.bot, "Connect GitHub")
    await town.connect(fresh)
    await ann.wait_for(town.house.bot, "Pick a plan")


async def test_each_new_link_is_another(town: Town) -> None:
    ann, card = await town.begun()
    await ann.press(town.house.bot, "New link")

    def changed(message: MessageView) -> bool:
        button = message.button("Open GitHub")
        return button is not None and button.url != card.button("Open GitHub").url  # type: ignore[union-attr]

    await ann.wait_for(town.house.bot, changed)


async def test_unlinking_is_asked_again_and_revokes(town: Town) -> None:
    house = town.house
    ann, card = await town.begun()
    await town.connect(card)
    await ann.wait_for(house.bot, "Pick a plan")
    await ann.send(house.bot, "/github")
    await ann.wait_for(house.bot, "GitHub is connected", button="Unlink")
    await ann.press(house.bot, "Unlink")
    await ann.wait_for(house.bot, "Unlink @ann?")
    pressed = await ann.press(house.bot, "Yes, unlink")
    assert pressed.text == "Unlinked: @ann"
    await ann.wait_for(house.bot, "Connect GitHub")
    assert (await User.get(telegram_id=ann.id)).github_id is None
    assert (await town.web.control.account("ann"))["tokens"] == []


async def test_connected_while_elsewhere_is_a_message_of_its_own(town: Town) -> None:
    ann, card = await town.begun()
    await ann.send(town.house.bot, "/help")
    await ann.wait_for(town.house.bot, lambda message: "/status" in message.text)
    await town.connect(card)
    await ann.wait_for(town.house.bot, "GitHub is connected as @ann")


async def test_where_it_is_not_configured_there_is_none(house: House) -> None:
    ann = await house.world.person("Ann", username="ann", language_code="en")
    await ann.send(house.bot, "/github")
    assert "Connect GitHub" not in (await ann.wait_for(house.bot)).text
    await ann.press(house.bot, "Get started")
    await ann.wait_for(house.bot, "Pick a plan")
