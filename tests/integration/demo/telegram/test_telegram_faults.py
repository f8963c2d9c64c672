"""Faults on request, and the stream of events."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest
from bot_api import BotApi, Party


async def test_an_error_for_so_many_calls_of_one_method(party: Party) -> None:
    await party.world.fault("error", method="sendMessage", count=2, retry_after=7)
    for _ in range(2):
        reply = await party.bot.call("sendMessage", chat_id=party.ann.id, text="x")
        assert reply.refusal == (429, "Too Many Requests: retry after 7")
        assert reply.body["parameters"] == {"retry_after": 7}
        await party.bot.ok("getMe")
    await party.bot.ok("sendMessage", chat_id=party.ann.id, text="x")


async def test_a_fault_for_one_bot_and_for_a_time(party: Party) -> None:
    other = BotApi(party.world, (await party.world.bot("other_bot", owner=party.ann)).token)
    await party.world.fault("error", bot="other_bot", seconds=0.3, status=502)
    assert await other.refused("getMe") == (502, "Bad Gateway")
    await party.bot.ok("getMe")
    await asyncio.sleep(0.35)
    await other.ok("getMe")


async def test_html_instead_of_json(party: Party) -> None:
    await party.world.fault("html", count=1)
    async with party.world.session.get(party.bot.url("getMe")) as answer:
        assert answer.status == 502
        assert answer.content_type == "text/html"
        assert "<h1>502 Bad Gateway</h1>" in await answer.text()


async def test_a_dropped_connection_before_and_after_the_deed(party: Party) -> None:
    for when, effect in (("before", 0), ("after", 1)):
        await party.world.fault("drop", method="sendMessage", count=1, when=when)
        with pytest.raises(aiohttp.ClientError):
            await party.bot.call("sendMessage", chat_id=party.ann.id, text=when)
        seen = [m for m in await party.ann.messages("clawbot") if m.text == when]
        assert len(seen) == effect


async def test_slowness_and_a_token_that_seems_revoked(party: Party) -> None:
    await party.world.fault("slow", method="get*", delay=0.3, count=1)
    started = time.monotonic()
    await party.bot.ok("getMe")
    assert time.monotonic() - started >= 0.3
    await party.world.fault("unauthorized", count=1)
    assert await party.bot.refused("getMe") == (401, "Unauthorized")
    await party.world.fault("error")
    await party.world.clear_faults()
    await party.bot.ok("getMe")


async def test_files_can_fail_too(party: Party) -> None:
    await party.world.fault("error", method="file", count=1, status=500)
    async with party.world.session.get(f"{party.world.telegram_root}/file/bot{party.bot.token}/x") as answer:
        assert answer.status == 500


async def test_events_tell_everything_in_order(party: Party) -> None:
    start = await party.world.last_event()
    sent = await party.bot.ok("sendMessage", chat_id=party.ann.id, text="one")
    await party.bot.ok("editMessageText", chat_id=party.ann.id, message_id=sent["message_id"], text="two")
    await party.bot.ok("deleteMessage", chat_id=party.ann.id, message_id=sent["message_id"])
    kinds = []
    async with asyncio.timeout(5):
        async for event in party.world.events(after=start):
            kinds.append(event["kind"])
            if len(kinds) == 6:
                break
    assert kinds == ["message", "api_call", "edit", "api_call", "delete", "api_call"]


async def test_events_arrive_while_they_happen(party: Party) -> None:
    async def first_message() -> str:
        async for event in party.world.events():
            if event["kind"] == "message":
                return str(event["message"]["text"])
        return ""

    task = asyncio.create_task(first_message())
    await asyncio.sleep(0.2)
    await party.ann.send("clawbot", "live")
    assert await asyncio.wait_for(task, 5) == "live"


async def test_a_foreign_site_cannot_steer_the_world(party: Party) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example", "Origin": "http://evil.example"}):
        async with party.world.session.post(f"{party.world.root}/world/reset", headers=headers) as answer:
            assert answer.status == 403
    assert len(await party.world.bots()) == 1


async def test_reset_is_the_first_day(party: Party) -> None:
    await party.world.reset()
    assert await party.world.bots() == []
    assert await party.bot.refused("getMe") == (401, "Unauthorized")
    again = await party.world.person("Ann", username="ann")
    assert again.id == party.ann.id
