"""getUpdates and webhooks: offsets, filters, long polls and rivals."""

from __future__ import annotations

import asyncio
import time

import aiohttp
from bot_api import BotApi, Party

RIVAL = (
    409,
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
)


def texts(updates: list[dict[str, dict[str, str]]]) -> list[str]:
    return [update["message"]["text"] for update in updates]


async def waiting(party: Party) -> None:
    """Until a poll is really open at the server."""
    for _ in range(200):
        if (await party.world.show_bot("clawbot")).polling:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody polls")


async def test_updates_stay_until_a_higher_offset_confirms_them(party: Party) -> None:
    for text in ("a", "b", "c"):
        await party.ann.send("clawbot", text)
    updates = await party.bot.ok("getUpdates")
    assert texts(updates) == ["a", "b", "c"]
    first = updates[0]["update_id"]
    assert [u["update_id"] for u in updates] == [first, first + 1, first + 2]
    assert texts(await party.bot.ok("getUpdates")) == ["a", "b", "c"]
    assert texts(await party.bot.ok("getUpdates", limit=1)) == ["a"]
    assert texts(await party.bot.ok("getUpdates", offset=first + 1)) == ["b", "c"]
    assert texts(await party.bot.ok("getUpdates", offset=first)) == ["b", "c"], "confirmed is gone for ever"
    assert (await party.world.show_bot("clawbot")).pending_updates == 2
    assert await party.bot.ok("getUpdates", offset=first + 99) == []


async def test_a_negative_offset_keeps_only_the_newest(party: Party) -> None:
    for text in ("a", "b", "c"):
        await party.ann.send("clawbot", text)
    assert texts(await party.bot.ok("getUpdates", offset=-1)) == ["c"]
    assert texts(await party.bot.ok("getUpdates")) == ["c"]


async def test_at_most_a_hundred_and_at_most_a_day(party: Party) -> None:
    for number in range(101):
        await party.ann.send("clawbot", str(number))
    assert len(await party.bot.ok("getUpdates")) == 100
    assert len(await party.bot.ok("getUpdates", limit=500)) == 100
    await party.world.advance(24 * 3600 + 1)
    assert await party.bot.ok("getUpdates") == []


async def test_a_long_poll_waits_and_answers_at_once_on_news(party: Party) -> None:
    started = time.monotonic()
    assert await party.bot.ok("getUpdates", timeout=1) == []
    assert 0.9 < time.monotonic() - started < 3
    poll = asyncio.create_task(party.bot.ok("getUpdates", timeout=30))
    await waiting(party)
    started = time.monotonic()
    await party.ann.send("clawbot", "news")
    assert texts(await poll) == ["news"]
    assert time.monotonic() - started < 1


async def test_the_older_of_two_pollers_is_ended(party: Party) -> None:
    older = asyncio.create_task(party.bot.call("getUpdates", timeout=30))
    await waiting(party)
    newer = asyncio.create_task(party.bot.ok("getUpdates", timeout=30))
    assert (await older).refusal == RIVAL
    await party.ann.send("clawbot", "for the newer")
    assert texts(await newer) == ["for the newer"]


async def test_a_short_call_ends_a_long_poll_and_never_sees_it(party: Party) -> None:
    older = asyncio.create_task(party.bot.call("getUpdates", timeout=30))
    await waiting(party)
    assert await party.bot.ok("getUpdates", timeout=0) == []
    assert (await older).refusal == RIVAL


async def test_a_poller_that_hangs_up_is_no_rival(party: Party) -> None:
    async with aiohttp.ClientSession() as session:
        task = asyncio.create_task(session.get(party.bot.url("getUpdates"), params={"timeout": 30}))
        await waiting(party)
        task.cancel()
    for _ in range(100):
        if not (await party.world.show_bot("clawbot")).polling:
            break
        await asyncio.sleep(0.02)
    assert not (await party.world.show_bot("clawbot")).polling
    await party.ann.send("clawbot", "kept")
    assert texts(await party.bot.ok("getUpdates", timeout=5)) == ["kept"]


async def test_allowed_updates_are_remembered(party: Party) -> None:
    await party.bot.ok("getUpdates", allowed_updates=["edited_message"])
    message = await party.ann.send("clawbot", "not wanted")
    await party.ann.edit("clawbot", message, "wanted")
    updates = await party.bot.ok("getUpdates")
    assert [u["edited_message"]["text"] for u in updates] == ["wanted"]
    await party.bot.ok("getUpdates", allowed_updates=[])
    await party.ann.send("clawbot", "wanted again")
    assert (await party.bot.ok("getUpdates"))[-1]["message"]["text"] == "wanted again"
    await party.ann.react("clawbot", message, "👍")
    assert "message_reaction" not in (await party.bot.ok("getUpdates"))[-1], "reactions come only on request"


async def test_a_webhook_and_polling_exclude_each_other(party: Party) -> None:
    assert await party.bot.refused("setWebhook", url="http://example.org/hook") == (
        400,
        "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
    )
    poll = asyncio.create_task(party.bot.call("getUpdates", timeout=30))
    await waiting(party)
    await party.bot.ok("setWebhook", url="https://example.org/hook")
    assert (await poll).refusal == (409, "Conflict: terminated by setWebhook request")
    assert await party.bot.refused("getUpdates") == (
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    )
    await party.ann.send("clawbot", "waits")
    info = await party.bot.ok("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == ("https://example.org/hook", 1)
    await party.bot.ok("deleteWebhook")
    assert (await party.bot.ok("getWebhookInfo"))["url"] == ""
    assert texts(await party.bot.ok("getUpdates")) == ["waits"]
    await party.bot.ok("deleteWebhook", drop_pending_updates=True)
    assert await party.bot.ok("getUpdates") == []


async def test_a_revoked_token_ends_its_poll_and_every_call(party: Party) -> None:
    poll = asyncio.create_task(party.bot.call("getUpdates", timeout=30))
    await waiting(party)
    new = await party.world.revoke("clawbot")
    assert (await poll).refusal == (401, "Unauthorized")
    assert await party.bot.refused("getMe") == (401, "Unauthorized")
    assert (await BotApi(party.world, new).ok("getMe"))["username"] == "clawbot"
    await party.world.delete_bot("clawbot")
    assert await BotApi(party.world, new).refused("getMe") == (401, "Unauthorized")


async def test_a_logged_out_bot_is_refused_and_close_comes_too_early(party: Party) -> None:
    status, said = await party.bot.refused("close")
    assert status == 429
    assert said.startswith("Too Many Requests: retry after ")
    await party.bot.ok("logOut")
    assert await party.bot.refused("getMe") == (400, "Logged out")
