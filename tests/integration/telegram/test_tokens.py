"""Every token that will not do has an answer of its own, saves nothing, and does not stay in the chat."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from bot_in_hand import long_polls, rival_polls
from house import House

from manager_bot.demo.client import BotView, MessageView, Person
from manager_bot.services.audit import SYSTEM
from models import Agent, FsmState, User


async def at_the_bot_step(house: House, name: str = "Ann") -> tuple[Person, BotView]:
    person = await house.world.person(name, username=name.lower(), language_code="en")
    helper = await house.world.bot(f"{name.lower()}_helper_bot", owner=person, name="Helper")
    await person.send(house.bot, "/start")
    await person.wait_for(house.bot, "Hi,")
    await person.press(house.bot, "Get started")
    await person.press(house.bot, "Free")
    await person.wait_for(house.bot, "Now your bot")
    return person, helper


async def gone(house: House, person: Person, message: MessageView) -> bool:
    for _ in range(100):
        if any(m.id == message.id and m.deleted for m in await person.messages(house.bot)):
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.parametrize(
    "text", ["12345:tooshort", "hello", "7100000001:" + "A" * 34, "7100000001:" + "A" * 36, "٧١٠٠٠٠٠:" + "A" * 35]
)
async def test_a_text_of_the_wrong_shape(house: House, text: str) -> None:
    ann, _ = await at_the_bot_step(house)
    sent = await ann.send(house.bot, text)

    await ann.wait_for(house.bot, "does not look like a bot token")

    assert await gone(house, ann, sent)
    assert not await Agent.exists()


async def test_a_question_is_answered_and_stays(house: House) -> None:
    ann, _ = await at_the_bot_step(house)
    sent = await ann.send(house.bot, "what is a token?")

    await ann.wait_for(house.bot, "does not look like a bot token", after=sent)

    assert not (await ann.messages(house.bot))[-2].deleted


async def test_a_token_telegram_does_not_know(house: House) -> None:
    ann, helper = await at_the_bot_step(house)
    await house.world.revoke(helper)
    sent = await ann.send(house.bot, helper.token)

    await ann.wait_for(house.bot, "does not know this token")

    assert await gone(house, ann, sent)
    assert not await Agent.exists()


async def test_a_bot_that_works_for_somebody_already(house: House) -> None:
    _, bobs = await house.subscriber("Bob")
    ann, _ = await at_the_bot_step(house)
    sent = await ann.send(house.bot, bobs.token)

    await ann.wait_for(house.bot, "already works for an assistant")

    assert await gone(house, ann, sent)
    assert await Agent.all().count() == 1


async def test_the_managers_own_token(house: House) -> None:
    ann, _ = await at_the_bot_step(house)
    sent = await ann.send(house.bot, house.bot.token)

    await ann.wait_for(house.bot, "my own token")

    assert await gone(house, ann, sent)
    assert not await Agent.exists()


async def test_a_bot_with_a_webhook(house: House) -> None:
    ann, helper = await at_the_bot_step(house)
    hook = {"url": "https://example.org/hook"}
    async with house.world.session.post(
        f"{house.world.telegram_root}/bot{helper.token}/setWebhook", json=hook
    ) as answer:
        assert answer.ok
    sent = await ann.send(house.bot, helper.token)

    await ann.wait_for(house.bot, "@ann_helper_bot is connected to another service")

    assert await gone(house, ann, sent)
    assert not await Agent.exists()


@pytest.mark.parametrize("poller", [long_polls, rival_polls])
@pytest.mark.parametrize("waiting", [0, 2])
async def test_a_bot_another_program_polls(house: House, poller: object, waiting: int) -> None:
    ann, helper = await at_the_bot_step(house)
    for _ in range(waiting):
        await ann.send(helper, "hi")
    rival = asyncio.create_task(poller(house.world, helper.token))  # type: ignore[operator]
    await asyncio.sleep(0.2)
    for _ in range(waiting):
        await ann.send(helper, "hi again")
    sent = await ann.send(house.bot, helper.token)

    await ann.wait_for(house.bot, "Another program is using @ann_helper_bot")

    assert await gone(house, ann, sent)
    assert not await Agent.exists()
    rival.cancel()
    with suppress(asyncio.CancelledError):
        await rival


async def test_messages_that_waited_for_the_bot_are_not_confirmed_by_looking(house: House) -> None:
    ann, helper = await at_the_bot_step(house)
    await ann.send(helper, "/start")
    await ann.send(helper, "are you there?")
    await ann.send(house.bot, helper.token)

    await ann.wait_for(house.bot, "Preparing its home")

    assert (await house.world.show_bot(helper)).pending_updates == 2


async def test_telegram_out_of_order(house: House) -> None:
    ann, helper = await at_the_bot_step(house)
    await house.world.fault("html", method="getMe", bot=helper.username, status=502)
    sent = await ann.send(house.bot, helper.token)

    await ann.wait_for(house.bot, "Telegram did not answer")
    assert await gone(house, ann, sent)
    assert not await Agent.exists()

    await house.world.clear_faults()
    await ann.send(house.bot, helper.token)
    await ann.wait_for(house.bot, "Preparing its home")


async def test_botfathers_whole_message_will_do(house: House) -> None:
    ann, helper = await at_the_bot_step(house)
    sent = await ann.send(
        house.bot, f"Done! Congratulations on your new bot.\n\nUse this token:\n{helper.token}\nKeep it safe."
    )

    await ann.wait_for(house.bot, "Preparing its home")

    assert await gone(house, ann, sent)


async def test_a_token_in_any_other_moment_is_deleted_too(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    stray = await house.world.bot("stray_bot", owner=ann)
    await ann.press(house.bot, "Delete")
    sent = await ann.send(house.bot, f"is it {stray.token}?")

    await ann.wait_for(house.bot, "You already have an assistant")

    assert await gone(house, ann, sent)
    assert await Agent.all().count() == 1


async def test_a_token_edited_into_an_old_message_is_deleted(house: House) -> None:
    ann, _ = await house.subscriber("Ann")
    stray = await house.world.bot("stray_bot", owner=ann)
    sent = await ann.send(house.bot, "look at this")
    await ann.wait_for(house.bot, "I only look after", after=sent)

    await ann.edit(house.bot, sent, f"look at {stray.token}")

    await ann.wait_for(house.bot, "I deleted it to keep it safe")
    assert await gone(house, ann, sent)


async def test_a_suspended_persons_token_is_deleted(house: House) -> None:
    ann, helper = await at_the_bot_step(house)
    await house.use.accounts.set_active(await User.get(telegram_id=ann.id), False, SYSTEM)
    sent = await ann.send(house.bot, helper.token)

    assert await gone(house, ann, sent)
    await ann.wait_for(house.bot, "Your access is suspended", after=sent.id - 3)
    assert not await Agent.exists()


async def test_no_token_is_ever_stored_or_repeated(house: House) -> None:
    ann, helper = await at_the_bot_step(house)
    await ann.send(house.bot, helper.token)
    await ann.wait_for(house.bot, "Preparing its home")

    agent = await Agent.get()
    secret = helper.token.partition(":")[2]
    assert secret not in agent.bot_token
    assert house.vault.open(agent.bot_token).get_secret_value() == helper.token
    assert all(secret not in str(row.data) for row in await FsmState.all())
    assert all(secret not in m.text for m in await ann.messages(house.bot) if m.outgoing)


async def test_one_person_sending_twice_has_one_agent_and_no_reproach(house: House) -> None:
    ann, helper = await at_the_bot_step(house)

    await asyncio.gather(ann.send(house.bot, helper.token), ann.send(house.bot, helper.token))
    await ann.wait_for(house.bot, "Preparing its home")
    await asyncio.sleep(1)

    assert await Agent.all().count() == 1
    texts = [m.text for m in await ann.messages(house.bot) if m.outgoing and not m.deleted]
    assert not any("❌" in text or "already" in text for text in texts)


async def test_two_people_at_the_same_moment_get_two_agents(house: House) -> None:
    (ann, anns), (bob, bobs) = await at_the_bot_step(house), await at_the_bot_step(house, "Bob")

    await asyncio.gather(ann.send(house.bot, anns.token), bob.send(house.bot, bobs.token))
    await ann.wait_for(house.bot, "Preparing its home")
    await bob.wait_for(house.bot, "Preparing its home")

    assert len({agent.container_port for agent in await Agent.all()}) == 2
