"""The Telegram door, as an agent and its owner see it."""

from __future__ import annotations

import asyncio
import io
import socket
from datetime import timedelta

import aiohttp
import pytest
from gateway_house import House, Subscriber, eventually
from pydantic import SecretStr

from manager_bot.services.outbox import NoticeKind
from models import Agent, DesiredState, Notification, Trouble, User

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def test_an_agent_reads_and_answers_without_ever_knowing_its_token(ann: Subscriber) -> None:
    assert (await ann.ok("getMe"))["username"] == ann.bot.username
    await ann.person.send(ann.bot, "hello")

    updates = await ann.ok("getUpdates", timeout=5)
    await ann.ok("sendMessage", chat_id=ann.person.id, text="hi <b>Ann</b>", parse_mode="HTML")

    assert updates[0]["message"]["text"] == "hello"
    assert (await ann.person.messages(ann.bot))[-1].text == "hi Ann"


@pytest.mark.parametrize(
    "path",
    [
        "bot{id}%3A{key}/getMe", "bot{id}:{key}/test/getMe", "bot{id}:{key}/../bot{id}:{key}/getMe",
        "bot{id}:{key}//getMe",
        "bot{id}:{key}/getMe/", "bot{id}:{key}/%67etMe", "bot{id}:{key}/setWebhook", "bot{id}:{key}/SETWEBHOOK",
        "bot{id}:{key}/logOut", "bot{id}:{key}/close", "bot{id}:{key}/sendInvoice", "bot{id}:{key}/getManagedBotToken",
        "bot{id}:{key}/getMyStarBalance", "bot{id}:{key}/nothing", "file/bot{id}:{key}/../x",
        "file/bot{id}:{key}/a%2f..%2fb",
        "file/bot{id}:{key}/./x", "file/bot{id}:{key}/", "",
    ],
)  # fmt: skip
async def test_what_is_not_for_agents_is_not_found_and_never_reaches_telegram(
    house: House, ann: Subscriber, path: str
) -> None:
    reply = await house.fetch("GET", f"{house.root}/telegram/" + path.format(id=ann.bot.id, key=ann.key))

    assert reply.status == 404
    assert await house.world.transcript(bot=ann.bot) == []


async def test_method_names_are_known_in_any_case(ann: Subscriber) -> None:
    assert (await ann.ok("GETME"))["id"] == ann.bot.id


async def test_a_wrong_key_is_refused_in_telegrams_words(house: House, ann: Subscriber, bob: Subscriber) -> None:
    for token in (f"{ann.bot.id}:{'x' * 40}", f"{ann.bot.id}:{bob.key}"):
        reply = await house.fetch("GET", f"{house.root}/telegram/bot{token}/getMe")
        assert (reply.status, reply.body) == (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})


async def test_strangers_neither_reach_the_agent_nor_crowd_its_batches(house: House, ann: Subscriber) -> None:
    await house.world.limits(chat_burst=500, bot_burst=500)
    mallory = await house.world.person("Mallory")
    for number in range(120):
        await mallory.send(ann.bot, f"spam {number}")
    await ann.person.send(ann.bot, "are you there?")

    updates = await ann.ok("getUpdates", timeout=5)

    assert [update["message"]["text"] for update in updates if update["message"]["from"]["id"] == ann.person.id][
        -1:
    ] == ["are you there?"]
    assert all(update["message"]["from"]["id"] == ann.person.id for update in updates)


async def test_strangers_alone_do_not_end_a_poll(house: House, ann: Subscriber) -> None:
    mallory = await house.world.person("Mallory")
    poll = asyncio.create_task(ann.ok("getUpdates", timeout=3))
    await asyncio.sleep(0.3)
    await mallory.send(ann.bot, "hello?")
    await asyncio.sleep(0.5)
    assert not poll.done()
    await ann.person.send(ann.bot, "it is me")
    updates = await poll

    assert [update["message"]["text"] for update in updates] == ["it is me"]
    await ann.ok("getUpdates", offset=updates[-1]["update_id"] + 1)
    assert (await house.world.show_bot(ann.bot)).pending_updates == 0


async def test_those_the_owner_added_are_heard_and_answered(house: House, ann: Subscriber) -> None:
    carl = await house.world.person("Carl")
    await Agent.filter(id=ann.agent_id).update(allowed_ids=[carl.id])
    await carl.send(ann.bot, "hi")

    assert (await ann.ok("getUpdates", timeout=2))[-1]["message"]["from"]["id"] == carl.id
    await ann.ok("sendMessage", chat_id=str(carl.id), text="hi Carl")


@pytest.mark.parametrize(
    "params",
    [
        {"text": "x"},
        {"chat_id": "@somewhere", "text": "x"},
        {"chat_id": True, "text": "x"},
        {"inline_message_id": "1", "text": "x"},
        {"chat_id": "OWNER", "text": "x", "business_connection_id": "b"},
        {"chat_id": "OWNER", "text": "x", "allow_paid_broadcast": True},
        {"chat_id": "OWNER", "text": "x", "reply_parameters": {"message_id": 1, "chat_id": 77}},
        {"chat_id": "OWNER", "text": "x", "reply_parameters": '{"message_id": 1, "chat_id": 77}'},
    ],
)
async def test_an_agent_cannot_act_beyond_its_people(house: House, ann: Subscriber, params: dict[str, object]) -> None:
    mine = {name: ann.person.id if value == "OWNER" else value for name, value in params.items()}
    assert (await ann.call("sendMessage", **mine)).status in {400, 403}
    assert await house.world.transcript(bot=ann.bot) == []


async def test_a_chat_cannot_be_named_twice(house: House, ann: Subscriber) -> None:
    mallory = await house.world.person("Mallory")
    await mallory.send(ann.bot, "/start")
    reply = await house.fetch(
        "POST",
        f"{ann.telegram}/sendMessage?chat_id={mallory.id}",
        json={"chat_id": ann.person.id, "text": "x"},
    )
    assert reply.status == 400


async def test_delete_webhook_is_answered_here(house: House, ann: Subscriber) -> None:
    assert await ann.ok("deleteWebhook", drop_pending_updates=True) is True
    assert await house.world.transcript(bot=ann.bot) == []


async def test_files_pass_both_ways(house: House, ann: Subscriber) -> None:
    content = bytes(range(256)) * 4000
    await ann.person.send(ann.bot, "/start")
    form = aiohttp.FormData()
    form.add_field("document", io.BytesIO(content), filename='räpört "1".bin', content_type="application/x-test")
    form.add_field("chat_id", str(ann.person.id))
    form.add_field("caption", "für dich")
    sent = await house.fetch("POST", f"{ann.telegram}/sendDocument", data=form)
    assert sent.status == 200, sent.body
    last = (await ann.person.messages(ann.bot))[-1]
    assert await ann.person.download(last) == content

    info = await ann.ok("getFile", file_id=sent.body["result"]["document"]["file_id"])
    path = f"{house.root}/telegram/file/bot{ann.bot.id}:{ann.key}/{info['file_path']}"
    async with house.session.get(path) as answer:
        assert (answer.status, await answer.read()) == (200, content)


async def test_an_upload_to_a_stranger_is_cut_off_before_telegram_acts(house: House, ann: Subscriber) -> None:
    mallory = await house.world.person("Mallory")
    await mallory.send(ann.bot, "/start")
    form = aiohttp.FormData()
    form.add_field("document", io.BytesIO(b"secret" * 200_000), filename="a.bin")
    form.add_field("chat_id", str(mallory.id))
    reply = await house.fetch("POST", f"{ann.telegram}/sendDocument", data=form)

    assert reply.status == 403
    assert all(message.text == "/start" for message in await mallory.messages(ann.bot))


async def test_a_newer_poll_ends_the_older_one_and_telegram_sees_no_conflict(house: House, ann: Subscriber) -> None:
    older = asyncio.create_task(ann.call("getUpdates", timeout=20))
    await asyncio.sleep(0.4)
    newer = asyncio.create_task(ann.call("getUpdates", timeout=20))
    first = await older
    await ann.person.send(ann.bot, "hello")

    assert (first.status, first.body["error_code"]) == (409, 409)
    assert (await newer).body["result"]
    assert not [one for one in await house.world.transcript(bot=ann.bot) if one.status == 409]


async def test_an_agent_that_hangs_up_leaves_no_poll_behind(house: House, ann: Subscriber) -> None:
    poll = asyncio.create_task(ann.call("getUpdates", timeout=30))
    await asyncio.sleep(0.4)
    assert (await house.world.show_bot(ann.bot)).polling
    poll.cancel()

    async def ended() -> bool:
        return not (await house.world.show_bot(ann.bot)).polling

    assert await eventually(ended, 2)


async def test_polls_are_seen(ann: Subscriber) -> None:
    assert (await ann.row()).last_poll_at is None
    await ann.ok("getUpdates", timeout=0)
    assert (await ann.row()).last_poll_at is not None


async def test_a_revoked_token_is_seen_and_its_successor_too(house: House, ann: Subscriber) -> None:
    fresh = await house.world.revoke(ann.bot)
    assert (await ann.call("getUpdates", timeout=0)).status == 401
    assert (await ann.row()).door_trouble is Trouble.TOKEN_REVOKED

    await Agent.filter(id=ann.agent_id).update(bot_token=house.vault.seal(SecretStr(fresh)))
    await asyncio.sleep(1.1)
    await ann.ok("getUpdates", timeout=0)
    assert (await ann.row()).door_trouble is None


async def test_repeated_conflicts_mean_polled_elsewhere(house: House, ann: Subscriber) -> None:
    await house.world.fault(
        "error",
        method="getUpdates",
        status=409,
        description="Conflict: terminated by other getUpdates request",
        count=3,
    )
    for _ in range(2):
        assert (await ann.call("getUpdates", timeout=0)).status == 409
    assert (await ann.row()).door_trouble is None
    await ann.call("getUpdates", timeout=0)
    assert (await ann.row()).door_trouble is Trouble.POLLED_ELSEWHERE


@pytest.mark.parametrize(("kind", "status"), [("html", 502), ("drop", 502)])
async def test_a_broken_telegram_is_a_telegram_shaped_error_without_the_token(
    house: House, ann: Subscriber, kind: str, status: int
) -> None:
    await house.world.fault(kind, method="sendMessage")
    reply = await ann.call("sendMessage", chat_id=ann.person.id, text="x")
    assert reply.status == status
    assert reply.body["ok"] is False
    assert await house.world.token(ann.bot) not in str(reply.body)


async def test_floods_are_passed_on(house: House, ann: Subscriber) -> None:
    await house.world.fault("error", method="sendMessage", status=429, retry_after=7)
    reply = await ann.call("sendMessage", chat_id=ann.person.id, text="x")
    assert (reply.status, reply.body["parameters"]) == (429, {"retry_after": 7})


async def test_an_agent_has_its_share_and_no_more(ann: Subscriber) -> None:
    replies = await asyncio.gather(*(ann.call("deleteWebhook") for _ in range(120)))
    refused = [reply for reply in replies if reply.status == 429]
    assert refused
    assert refused[0].body["parameters"]["retry_after"] >= 1


async def test_a_suspended_owners_agent_is_refused(house: House, ann: Subscriber) -> None:
    await User.filter(id=ann.user_id).update(is_active=False)
    assert (await ann.call("getUpdates", timeout=0)).status == 403


async def _silences(ann: Subscriber) -> list[str]:
    rows = await Notification.filter(kind=NoticeKind.AGENT_SILENT.value, token_of=ann.agent_id).order_by("id")
    return [str(row.values["reason"]) for row in rows]


async def test_a_stopped_agents_owner_is_told_once_a_silence_and_loses_no_message(
    house: House, ann: Subscriber
) -> None:
    watch = house.gateway.watch
    await Agent.filter(id=ann.agent_id).update(desired_state=DesiredState.STOPPED, wish=2)
    await watch.look()
    assert await _silences(ann) == []
    mallory = await house.world.person("Mallory")
    await mallory.send(ann.bot, "hello?")
    await watch.look()
    assert await _silences(ann) == []

    await ann.person.send(ann.bot, "hello?")
    await watch.look()
    await watch.look()
    assert await _silences(ann) == ["stopped"]
    assert (await ann.row()).updates_waiting == 2

    await Agent.filter(id=ann.agent_id).update(desired_state=DesiredState.RUNNING, wish=3)
    assert (await ann.ok("getUpdates", timeout=1))[-1]["message"]["text"] == "hello?"
    assert (await ann.row()).updates_waiting == 0
    await Agent.filter(id=ann.agent_id).update(desired_state=DesiredState.STOPPED, wish=4)
    await watch.look()
    assert await _silences(ann) == ["stopped", "stopped"]


async def test_a_deaf_agent_is_seen_while_updates_wait(house: House, ann: Subscriber) -> None:
    long_ago = house.parts.clock.now() - timedelta(minutes=5)
    await Agent.filter(id=ann.agent_id).update(last_poll_at=long_ago)
    await ann.person.send(ann.bot, "hello?")
    await house.gateway.watch.look()

    row = await ann.row()
    assert (row.updates_waiting, row.waiting_since is not None) == (1, True)
    assert await _silences(ann) == []


async def test_stopping_sends_agents_home_at_once(house: House, ann: Subscriber) -> None:
    poll = asyncio.create_task(ann.call("getUpdates", timeout=30))
    await asyncio.sleep(0.4)
    async with asyncio.timeout(4):
        await house.gateway.stop()
        reply = await poll
    assert reply.body == {"ok": True, "result": []}


async def test_it_listens_where_it_is_told_and_nowhere_else(house: House) -> None:
    with socket.socket() as probe:
        probe.settimeout(1)
        with pytest.raises(OSError):  # noqa: PT011 - any refusal
            probe.connect(("127.0.0.2", house.settings.gateway_port))
