"""A long outage of Telegram delays alerts and loses none: each arrives once, in order for its chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from house import House, open_house

from manager_bot.demo.client import Person, WorldClient
from manager_bot.services.incidents import Finding
from manager_bot.services.outbox import NoticeKind
from models import Cause, Notification, NotificationState, Severity, User


@pytest.fixture
async def two(world: WorldClient, database_file: Path) -> AsyncIterator[House]:
    """A house with two admins, Root and Olga."""
    async with open_house(world, database_file, admins=["Olga"]) as made:
        for admin in made.admins:
            await admin.send(made.bot, "/start")
            await admin.wait_for(made.bot, button="→")
        yield made


async def _alarm(house: House, cause: Cause) -> None:
    await house.incidents.report(Finding(cause, Severity.CRITICAL))
    await house.outbox.post_admins(NoticeKind.MESSAGE_FROM_ADMIN, {"text": f"after {cause.value}"})


async def _heard(house: House, admin: Person) -> list[str]:
    """The first line that names each alert, in the order of the chat."""
    words = {
        "Gemini does not answer": "gemini",
        "after gemini_down": "after gemini",
        "Many assistants": "mass",
        "after mass_failure": "after mass",
        "container engine": "docker",
        "after docker_down": "after docker",
    }
    texts = [m.text for m in await admin.messages(house.bot)]
    return [name for text in texts for part, name in words.items() if part in text]


async def _tried(house: House, times: int) -> None:
    for _ in range(200):
        if await Notification.filter(attempts__gte=times).exists():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(await Notification.all().values("id", "attempts", "state"))


ALL = ["gemini", "after gemini", "mass", "after mass", "docker", "after docker"]


async def test_ten_minutes_of_5xx_with_a_restart_of_the_manager_and_a_blocked_chat_between(two: House) -> None:
    root, olga = two.admins
    await olga.block(two.bot)
    await two.world.fault("error", method="sendMessage", bot=two.bot.username, status=502)
    await _alarm(two, Cause.GEMINI_DOWN)
    await _tried(two, 1)
    await _alarm(two, Cause.MASS_FAILURE)
    for minute in range(1, 11):
        if minute == 5:
            await two.manager.stop()
            await _alarm(two, Cause.DOCKER_DOWN)
            await two.begin_again()
        two.clock.offset += timedelta(minutes=1)
        await _tried(two, minute + 1)
    assert await _heard(two, root) == []
    assert not await Notification.exclude(state=NotificationState.PENDING).filter(chat_id=root.id).exists()
    await two.world.clear_faults()
    two.clock.offset += timedelta(minutes=1)
    await root.wait_for(two.bot, "after docker_down", within=20)
    await asyncio.sleep(1.5)
    assert await _heard(two, root) == ALL
    assert {row.state for row in await Notification.filter(chat_id=root.id)} == {NotificationState.SENT}
    assert {row.state for row in await Notification.filter(chat_id=olga.id)} == {NotificationState.UNDELIVERABLE}
    assert (await User.get(telegram_id=olga.id)).has_blocked


async def test_a_429_of_thirty_seconds_is_obeyed_across_a_restart_of_the_manager(two: House) -> None:
    root, _ = two.admins
    await two.world.fault(
        "error", method="sendMessage", bot=two.bot.username, status=429, retry_after=30, description="Too Many Requests"
    )
    await _alarm(two, Cause.GEMINI_DOWN)
    await _tried(two, 1)
    await two.world.clear_faults()
    await _alarm(two, Cause.MASS_FAILURE)
    await two.manager.stop()
    await two.begin_again()
    two.clock.offset += timedelta(seconds=20)
    await asyncio.sleep(2)
    assert await _heard(two, root) == [], "neither it nor what waits behind it"
    two.clock.offset += timedelta(seconds=10)
    await root.wait_for(two.bot, "after mass_failure")
    assert await _heard(two, root) == ALL[:4]
