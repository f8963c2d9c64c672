"""Green but deaf: the door notices soon enough that the watchdog restarts the agent within a minute."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from gateway_house import House, Subscriber

from manager_bot.gateway.telegram.upstream import Answer
from manager_bot.watchdog.policy import DEAF_AFTER
from models import Agent


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)  # twenty seconds of real time: once is enough
async def test_who_stops_polling_while_updates_wait_is_deaf_within_a_minute(house: House, ann: Subscriber) -> None:
    await ann.ok("getUpdates", timeout=1)
    ended = house.parts.clock.now()
    await ann.person.send(ann.bot, "are you there?")
    for _ in range(150):
        if (row := await ann.row()).waiting_since is not None:
            break
        await asyncio.sleep(0.2)
    assert row.updates_waiting == 1
    assert row.waiting_since is not None
    round_of_the_watchdog = timedelta(seconds=2)
    assert row.waiting_since + DEAF_AFTER + round_of_the_watchdog - ended < timedelta(seconds=60)
    await ann.ok("getUpdates", timeout=0)
    assert (await ann.row()).waiting_since is None


async def test_who_polls_is_never_deaf_however_long_a_message_waits(house: House, ann: Subscriber) -> None:
    await ann.person.send(ann.bot, "one")
    for _ in range(3):
        await ann.ok("getUpdates", timeout=0)  # never confirmed: it is busy with it
        await house.gateway.watch.look()
        assert (await Agent.get(id=ann.agent_id)).waiting_since is None


async def test_who_comes_back_while_telegram_is_asked_is_not_noted_as_waited_for(house: House, ann: Subscriber) -> None:
    watch, told = house.gateway.watch, {"ok": True, "result": {"pending_update_count": 1}}
    agent = await Agent.get(id=ann.agent_id).select_related("user")
    await ann.ok("getUpdates", timeout=0)
    await watch._note(agent, house.parts.callers.of(agent), Answer(200, b"", told))
    assert (await ann.row()).waiting_since is None
