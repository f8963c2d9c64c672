"""Notifications arrive in order, once, however Telegram behaves."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from house import House

from manager_bot.demo.client import Person
from manager_bot.services.outbox import NoticeKind
from manager_bot.telegram.outbox import MOST_ATTEMPTS, PAGE
from models import Agent, Cause, Incident, Notification, NotificationState, Severity, User


async def say(house: House, person: Person, *texts: str) -> None:
    for text in texts:
        await house.outbox.post(person.id, NoticeKind.MESSAGE_FROM_ADMIN, {"text": text})


def too_fast(seconds: int) -> dict[str, object]:
    return {"status": 429, "retry_after": seconds, "description": "Too Many Requests"}


async def heard(house: House, person: Person) -> list[str]:
    messages = await person.messages(house.bot)
    return [m.text.rpartition("\n")[2] for m in messages if "From the administrator" in m.text]


async def ann_here(house: House, name: str = "Ann") -> Person:
    ann = await house.world.person(name, username=name.lower(), language_code="en")
    await ann.send(house.bot, "/start")
    await ann.wait_for(house.bot, "Hi,")
    return ann


async def test_in_order_through_a_bad_hour(house: House) -> None:
    ann = await ann_here(house)
    await house.world.fault("error", method="sendMessage", count=1, status=500)
    await house.world.fault("html", method="sendMessage", count=1, status=502)
    await house.world.fault(
        "error", method="sendMessage", count=1, status=429, retry_after=1, description="Too Many Requests"
    )

    await say(house, ann, "one", "two", "three")

    await ann.wait_for(house.bot, "three", within=15)
    assert await heard(house, ann) == ["one", "two", "three"]
    assert await Notification.filter(state=NotificationState.SENT).count() == 3


async def test_retry_after_is_obeyed(house: House) -> None:
    ann = await ann_here(house)
    await house.world.fault(
        "error", method="sendMessage", count=1, status=429, retry_after=3, description="Too Many Requests"
    )
    await say(house, ann, "patience")
    await asyncio.sleep(2)
    assert await heard(house, ann) == []

    await ann.wait_for(house.bot, "patience")

    refused, sent = (await house.world.transcript(bot=house.bot, method="sendMessage"))[-2:]
    assert not refused.ok
    assert sent.at - refused.at >= 3


async def test_one_persons_trouble_is_not_anothers(house: House) -> None:
    ann, bob = await ann_here(house), await ann_here(house, "Bob")
    await ann.block(house.bot)

    await say(house, ann, "for Ann")
    await say(house, bob, "for Bob")

    await bob.wait_for(house.bot, "for Bob")
    assert (await Notification.get(chat_id=ann.id)).state is NotificationState.UNDELIVERABLE
    assert (await User.get(telegram_id=ann.id)).has_blocked


async def test_what_was_posted_while_the_manager_was_down_arrives_later(house: House) -> None:
    ann = await ann_here(house)
    await house.manager.stop()
    await say(house, ann, "later")

    await house.begin_again()

    await ann.wait_for(house.bot, "later")


async def test_one_subject_is_one_message(house: House) -> None:
    root, now = house.root, house.clock.now()
    await root.send(house.bot, "/start")
    there = await Incident.create(
        open_key="x", cause=Cause.GEMINI_DOWN, severity=Severity.CRITICAL, opened_at=now, updated_at=now
    )
    for occurrences in (1, 2, 3):
        there.occurrences = occurrences
        await there.save()
        await house.outbox.post_admins(NoticeKind.INCIDENT, {"incident_id": there.id}, subject="incident:x")
        await root.wait_for(house.bot, f"{occurrences} times" if occurrences > 1 else "Gemini does not answer")

    alerts = [m for m in await root.messages(house.bot) if "Gemini does not answer" in m.text]
    assert len(alerts) == 1
    await root.delete(house.bot, alerts[0])
    there.closed_at = now
    await there.save()
    await house.outbox.post_admins(NoticeKind.INCIDENT, {"incident_id": there.id}, subject="incident:x")
    await root.wait_for(house.bot, "Over since", after=alerts[0])


async def test_an_agents_own_bot_can_speak(house: House) -> None:
    ann, helper = await house.subscriber("Ann")
    await ann.send(helper, "/start")
    agent = await Agent.get()
    values = {"reason": "over_budget", "manager_username": house.bot.username}

    await house.outbox.post(ann.id, NoticeKind.AGENT_SILENT, values, token_of=agent.id)

    notice = await ann.wait_for(helper, "Today's tokens are used up")
    button = notice.button("control panel")
    assert button is not None
    assert button.url == "https://t.me/clawbot"


async def test_a_dead_agents_bot_blocks_nothing(house: House) -> None:
    ann, helper = await house.subscriber("Ann")
    await house.world.revoke(helper)
    agent = await Agent.get()
    values = {"reason": "stopped", "manager_username": house.bot.username}
    await house.outbox.post(ann.id, NoticeKind.AGENT_SILENT, values, token_of=agent.id)

    await say(house, ann, "still here")

    await ann.wait_for(house.bot, "still here")
    await asyncio.sleep(0.5)
    assert (await Notification.get(token_of=agent.id)).state is NotificationState.UNDELIVERABLE


async def test_each_kind_has_words_in_each_language(house: House) -> None:
    _, helper = await house.subscriber("Ann")
    now, agent = house.clock.now(), await Agent.get()
    there = await Incident.create(
        agent_id=agent.id,
        user_id=agent.user_id,
        cause=Cause.CRASHED,
        severity=Severity.WARNING,
        opened_at=now,
        updated_at=now,
    )
    values = {
        "agents": 1, "running": 1, "incident_id": there.id, "trouble": "crashed", "attempts": 1, "max_attempts": 3,
        "gave_up": False, "bot_username": helper.username, "percent": 95, "used": 950_000, "limit": 1_000_000,
        "manager_username": "clawbot", "text": "hello", "until": now.isoformat(),
        "login": "octo", "share_mb": 1024, "is_host": False,
    }  # fmt: skip
    for language in house.use.texts.languages:
        person = await house.world.person(f"P-{language}", language_code=language)
        await person.send(house.bot, "/start")
        await person.wait_for(house.bot, button="→")
        for kind in NoticeKind:
            reason = "error.github.refused" if kind is NoticeKind.GITHUB_FAILED else "broken"
            await house.outbox.post(person.id, kind, {**values, "reason": reason})
    await asyncio.sleep(3)

    for language in house.use.texts.languages:
        user = await User.get(language=language, name=f"P-{language}")
        states = await Notification.filter(chat_id=user.telegram_id).values_list("state", flat=True)
        assert states == [NotificationState.SENT] * len(NoticeKind)


async def test_a_notice_without_words_holds_up_nothing(house: House) -> None:
    ann = await ann_here(house)
    await house.outbox.post(ann.id, NoticeKind.OWNER_TROUBLE, {"trouble": "no_such_trouble"})

    await say(house, ann, "and yet")

    await ann.wait_for(house.bot, "and yet")
    assert (await Notification.get(kind="owner_trouble")).state is NotificationState.UNDELIVERABLE


async def test_a_defect_in_one_chat_repeats_nothing_in_another(house: House) -> None:
    ann, helper = await house.subscriber("Ann")
    bob = await ann_here(house, "Bob")
    await Agent.filter(bot_username=helper.username).update(bot_token="sealed with no key of ours")
    agent = await Agent.get()
    values = {"reason": "stopped", "manager_username": house.bot.username}
    await house.world.fault("slow", method="sendMessage", bot=house.bot.username, delay=3.5)

    await house.outbox.post(ann.id, NoticeKind.AGENT_SILENT, values, token_of=agent.id)
    await say(house, bob, "only once")
    await asyncio.sleep(6)
    await house.world.clear_faults()
    await asyncio.sleep(1)

    assert await heard(house, bob) == ["only once"]
    bad = await Notification.get(token_of=agent.id)
    assert 1 <= bad.attempts <= 3
    bad.attempts, bad.due_at = MOST_ATTEMPTS - 1, house.clock.now()
    await bad.save()
    await asyncio.sleep(2.5)
    await bad.refresh_from_db()
    assert bad.state is NotificationState.UNDELIVERABLE


async def test_what_is_held_back_takes_no_room_from_what_is_urgent(house: House) -> None:
    ann = await ann_here(house)
    now = house.clock.now()
    later, in_turn = now + timedelta(hours=8), {"kind": "message_from_admin", "values": {"text": "not yet"}}
    held = [Notification(chat_id=71, due_at=later, **in_turn) for _ in range(PAGE)]
    tried = [Notification(chat_id=72, due_at=later, attempts=3, **in_turn)]
    behind = [Notification(chat_id=72, due_at=now, **in_turn) for _ in range(PAGE)]
    await Notification.bulk_create([*held, *tried, *behind])

    await say(house, ann, "urgent")

    await ann.wait_for(house.bot, "urgent")
    assert not await Notification.filter(chat_id__in=(71, 72)).exclude(state=NotificationState.PENDING).exists()
