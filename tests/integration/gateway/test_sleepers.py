"""A sleeping agent's bot, watched by the Telegram door against the emulated Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from gateway_house import House, Subscriber, eventually, said

from manager_bot.gateway.presence import QUIET
from models import Agent, Rest, Trouble

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def set_rest(agent: Subscriber, rest: Rest) -> None:
    await Agent.filter(id=agent.agent_id).update(rest=rest)


def rests(agent: Subscriber, rest: Rest) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return (await agent.row()).rest is rest

    return check


def long_ago(house: House, agent: Subscriber, seconds: float = QUIET + 1) -> None:
    """Let the presence's clock run ahead: whatever the agent did is *seconds* past."""
    presence, before = house.parts.presence, house.parts.presence.now
    presence.is_quiet(agent.agent_id)  # it has been seen
    presence.now = lambda: before() + seconds


async def put_to_sleep(house: House, agent: Subscriber) -> asyncio.Task[object]:
    """The agent's open poll, held; the watchdog's freezing is written by the test."""
    poll = asyncio.create_task(agent.ok("getUpdates", timeout=30))
    await asyncio.sleep(0.3)
    long_ago(house, agent)
    await set_rest(agent, Rest.DROWSY)
    assert await eventually(rests(agent, Rest.HELD))
    await set_rest(agent, Rest.ASLEEP)
    return poll


async def typed(house: House, agent: Subscriber) -> bool:
    return bool(await house.world.transcript(bot=agent.bot, method="sendChatAction"))


async def test_a_message_shows_typing_at_once_and_is_handed_over_by_the_agents_own_poll(
    house: House, ann: Subscriber
) -> None:
    poll = await put_to_sleep(house, ann)
    await asyncio.sleep(1)
    assert not poll.done()

    await ann.person.send(ann.bot, "good morning")

    assert await eventually(lambda: typed(house, ann), 1)
    assert await eventually(rests(ann, Rest.WAKING), 1)
    updates = await asyncio.wait_for(poll, 3)
    assert [update["message"]["text"] for update in updates] == ["good morning"]
    assert (await house.world.show_bot(ann.bot)).pending_updates == 1, "only the agent confirms"


async def test_its_poll_is_held_for_longer_than_it_asked(house: House, ann: Subscriber) -> None:
    poll = asyncio.create_task(ann.ok("getUpdates", timeout=1))
    await asyncio.sleep(0.2)
    long_ago(house, ann)
    await set_rest(ann, Rest.DROWSY)
    assert await eventually(rests(ann, Rest.HELD))
    await asyncio.sleep(2)
    assert not poll.done()
    await set_rest(ann, Rest.WAKING)
    assert await asyncio.wait_for(poll, 3) == []


async def test_a_stranger_wakes_nobody_and_is_out_of_the_way(house: House, ann: Subscriber) -> None:
    poll = await put_to_sleep(house, ann)
    mallory = await house.world.person("Mallory")
    await mallory.send(ann.bot, "wake up!")
    await asyncio.sleep(1)
    assert await rests(ann, Rest.ASLEEP)()
    assert not await typed(house, ann)
    await ann.person.send(ann.bot, "it is me")
    assert [update["message"]["text"] for update in await asyncio.wait_for(poll, 3)] == ["it is me"]


async def test_an_agent_that_works_is_not_held(house: House, ann: Subscriber) -> None:
    await ann.person.send(ann.bot, "hello")
    (update,) = await ann.ok("getUpdates", timeout=5)
    poll = asyncio.create_task(ann.ok("getUpdates", timeout=30, offset=update["update_id"] + 1))
    await asyncio.sleep(0.2)
    await set_rest(ann, Rest.DROWSY)
    await ann.ok("sendChatAction", chat_id=ann.person.id, action="typing")
    await asyncio.sleep(1.5)
    assert await rests(ann, Rest.DROWSY)()
    long_ago(house, ann)
    assert await eventually(rests(ann, Rest.HELD))
    await ann.ok("sendChatAction", chat_id=ann.person.id, action="typing")
    assert await eventually(rests(ann, Rest.WAKING)), "it was held a moment too early"
    await ann.person.send(ann.bot, "and now?")
    assert len(await asyncio.wait_for(poll, 3)) == 1


async def test_an_agent_in_a_tool_loop_is_not_held(house: House, ann: Subscriber) -> None:
    await house.control.script({"calls": [{"name": "read", "args": {"path": "notes.md"}}]})
    assert (await ann.generate({**said("read notes.md"), "tools": TOOLS})).status == 200
    poll = asyncio.create_task(ann.ok("getUpdates", timeout=30))
    await asyncio.sleep(0.2)
    long_ago(house, ann, 300)
    await set_rest(ann, Rest.DROWSY)
    await asyncio.sleep(1.5)
    assert await rests(ann, Rest.DROWSY)()
    poll.cancel()


async def test_a_message_to_a_drowsy_agent_is_answered_as_ever(house: House, ann: Subscriber) -> None:
    poll = asyncio.create_task(ann.ok("getUpdates", timeout=30))
    await asyncio.sleep(0.2)
    await set_rest(ann, Rest.DROWSY)
    await ann.person.send(ann.bot, "still there?")
    assert len(await asyncio.wait_for(poll, 3)) == 1


async def test_after_a_restart_of_the_gateway_a_sleeper_is_still_woken(house: House, ann: Subscriber) -> None:
    poll = await put_to_sleep(house, ann)
    await house.gateway.stop()
    assert await asyncio.wait_for(poll, 5) == [], "the agent comes back by itself once it is thawed"
    await house.gateway.start()
    await ann.person.send(ann.bot, "hello?")
    assert await eventually(rests(ann, Rest.WAKING))
    assert [update["message"]["text"] for update in await ann.ok("getUpdates", timeout=5)] == ["hello?"]


async def test_one_whose_token_ends_in_its_sleep_is_known(house: House, ann: Subscriber) -> None:
    await put_to_sleep(house, ann)
    await house.world.revoke(ann.bot)

    async def known() -> bool:
        return (await ann.row()).door_trouble is Trouble.TOKEN_REVOKED

    assert await eventually(known, 10)


async def test_telegram_away_for_a_while_wakes_nobody_and_loses_nothing(house: House, ann: Subscriber) -> None:
    await house.world.fault("error", method="getUpdates", count=3)
    await Agent.filter(id=ann.agent_id).update(rest=Rest.ASLEEP)  # stopped: no poll of its own is open
    await asyncio.sleep(1)
    assert await rests(ann, Rest.ASLEEP)()
    await ann.person.send(ann.bot, "are you there?")
    assert await eventually(rests(ann, Rest.WAKING), 15)
    assert len(await ann.ok("getUpdates", timeout=5)) == 1


TOOLS = [{"functionDeclarations": [{"name": "read", "description": "Read a file", "parameters": {"type": "OBJECT"}}]}]
