"""A token replaced at BotFather: fetched again where the manager may, else pasted by the owner, and nothing is lost."""

from __future__ import annotations

import asyncio

from house import House

from manager_bot.demo.client import BotView, Person
from manager_bot.services.tokens import Renewal
from models import Agent, AuditEntry, DesiredState, Trouble


async def stored(house: House) -> str:
    return house.vault.open((await Agent.get()).bot_token).get_secret_value()


async def until_stored(house: House, token: str) -> Agent:
    for _ in range(100):
        if await stored(house) == token:
            return await Agent.get()
        await asyncio.sleep(0.05)
    raise AssertionError("the new token was not stored")


async def revoked(house: House, their: BotView, trouble: Trouble = Trouble.TOKEN_REVOKED) -> str:
    """Its owner replaces the token, or the door sees a stranger poll; the new token."""
    fresh = await house.world.revoke(their.username)
    agent = await Agent.get(bot_username=their.username)
    await Agent.filter(id=agent.id).update(trouble=trouble, door_trouble=trouble, revision=agent.revision + 1)
    return fresh


async def test_a_new_token_of_ones_own_bot_replaces_the_old_one(house: House) -> None:
    ann, their = await house.subscriber("Ann")
    fresh = await revoked(house, their)
    await ann.wait_for(house.bot, "no longer accepts")
    before = await Agent.get()

    sent = await ann.send(house.bot, fresh)

    agent = await until_stored(house, fresh)
    assert (agent.trouble, agent.door_trouble) == (None, None)
    assert agent.bot_token_fingerprint != before.bot_token_fingerprint
    assert agent.wish == before.wish + 1
    assert agent.restart_asked_at is not None
    assert (agent.gateway_key, agent.container_port) == (before.gateway_key, before.container_port)
    assert (await AuditEntry.get(action="agent.token")).actor_id == ann.id
    assert any(m.id == sent.id and m.deleted for m in await ann.messages(house.bot))
    await ann.wait_for(house.bot, lambda m: "no longer accepts" not in m.text and m.outgoing)


async def test_it_helps_too_where_another_program_polls(house: House) -> None:
    ann, their = await house.subscriber("Ann")
    fresh = await revoked(house, their, Trouble.POLLED_ELSEWHERE)

    await ann.send(house.bot, fresh)

    assert (await until_stored(house, fresh)).trouble is None


async def test_a_stopped_agent_gets_its_token_and_stays_stopped(house: House) -> None:
    ann, their = await house.subscriber("Ann")
    fresh = await revoked(house, their)
    await Agent.all().update(desired_state=DesiredState.STOPPED)

    await ann.send(house.bot, fresh)

    assert (await until_stored(house, fresh)).desired_state is DesiredState.STOPPED


async def test_the_old_dead_token_and_a_strangers_paste_change_nothing(house: House) -> None:
    ann, their = await house.subscriber("Ann")
    old = await stored(house)
    fresh = await revoked(house, their)
    bob = await house.world.person("Bob", username="bob", language_code="en")
    await bob.send(house.bot, "/start")
    await bob.wait_for(house.bot, button="→")

    await ann.send(house.bot, old)
    await bob.send(house.bot, fresh)

    await bob.wait_for(house.bot, "already")
    assert await stored(house) == old
    assert (await Agent.get()).trouble is Trouble.TOKEN_REVOKED


async def test_a_mistyped_new_token_is_said_to_be_dead(house: House) -> None:
    ann, their = await house.subscriber("Ann")
    fresh = await revoked(house, their)

    await ann.send(house.bot, fresh[:-3] + ("aaa" if not fresh.endswith("aaa") else "bbb"))

    await ann.wait_for(house.bot, "does not know")
    assert (await Agent.get()).trouble is Trouble.TOKEN_REVOKED


async def one_tap(house: House) -> Person:
    ann = await house.world.person("Ann", username="ann", language_code="en")
    await ann.send(house.bot, "/start")
    await ann.wait_for(house.bot, button="→")
    await ann.press(house.bot, data="go:plans")
    await ann.press(house.bot, data="take:starter")
    await ann.wait_for(house.bot, "👇")
    await ann.press(house.bot, "Create my bot", username="ann_one_tap_bot")
    await ann.wait_for(house.bot, "Preparing its home")
    return ann


async def test_a_managed_bots_new_token_is_fetched_at_once(house: House) -> None:
    await one_tap(house)
    fresh = await house.world.revoke("ann_one_tap_bot")
    agent = await until_stored(house, fresh)
    assert agent.restart_asked_at is not None


async def test_a_managed_bots_dead_token_is_fetched_again_when_the_news_was_missed(house: House) -> None:
    await one_tap(house)
    await house.manager.stop()
    fresh = await house.world.revoke("ann_one_tap_bot")
    await Agent.all().update(door_trouble=Trouble.TOKEN_REVOKED, trouble=Trouble.TOKEN_REVOKED)
    renewal = Renewal(house.use.registration.tokens)
    await renewal.look()
    await renewal.look()
    assert await stored(house) == fresh
    agent = await Agent.get()
    assert agent.wish == 2
    assert (agent.trouble, agent.door_trouble) == (None, None)
    assert (await AuditEntry.get(action="agent.token")).role == "system"
