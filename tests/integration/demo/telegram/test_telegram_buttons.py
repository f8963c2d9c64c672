"""Inline buttons, keyboards and managed bots."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bot_api import BotApi, Party

from manager_bot.demo.client import WorldRefused

TOO_OLD = (
    400,
    "Bad Request: query is too old and response timeout expired or query ID is invalid",
)
KEYS = {"inline_keyboard": [[{"text": "⏹ Stop", "callback_data": "stop"}, {"text": "Open", "url": "https://x.org"}]]}
CREATE = {
    "keyboard": [
        [{"text": "Later"}],
        [
            {
                "text": "Create my bot",
                "request_managed_bot": {
                    "request_id": 7,
                    "suggested_name": "Ann's agent",
                    "suggested_username": "anns_agent_bot",
                },
            }
        ],
    ],
    "one_time_keyboard": True,
}


async def next_update(party: Party) -> dict[str, Any]:
    updates = await party.bot.ok("getUpdates", timeout=5)
    await party.bot.ok("getUpdates", offset=updates[0]["update_id"] + 1)
    first: dict[str, Any] = updates[0]
    return first


async def test_a_press_is_answered_once(party: Party) -> None:
    sent = await party.bot.ok("sendMessage", chat_id=party.ann.id, text="card", reply_markup=KEYS)
    press = asyncio.create_task(party.ann.press("clawbot", "Stop"))
    query = (await next_update(party))["callback_query"]
    assert (query["data"], query["message"]["message_id"]) == ("stop", sent["message_id"])
    assert query["from"]["id"] == party.ann.id
    await party.bot.ok("answerCallbackQuery", callback_query_id=query["id"], text="Stopped", show_alert=True)
    notice = await press
    assert (notice.answered, notice.text, notice.alert) == (True, "Stopped", True)
    assert await party.bot.refused("answerCallbackQuery", callback_query_id=query["id"]) == TOO_OLD


async def test_a_press_nobody_answers_keeps_spinning_and_grows_too_old(party: Party) -> None:
    await party.bot.ok("sendMessage", chat_id=party.ann.id, text="card", reply_markup=KEYS)
    assert (await party.ann.press("clawbot", data="stop", wait=0.05)).answered is False
    query = (await next_update(party))["callback_query"]
    await party.world.advance(3600)
    assert await party.bot.refused("answerCallbackQuery", callback_query_id=query["id"]) == TOO_OLD
    assert await party.bot.refused("answerCallbackQuery", callback_query_id="1") == TOO_OLD


async def test_another_bot_cannot_answer(party: Party) -> None:
    other = BotApi(party.world, (await party.world.bot("other_bot", owner=party.ann)).token)
    await party.bot.ok("sendMessage", chat_id=party.ann.id, text="card", reply_markup=KEYS)
    await party.ann.press("clawbot", "Stop", wait=0)
    query = (await next_update(party))["callback_query"]
    assert await other.refused("answerCallbackQuery", callback_query_id=query["id"]) == TOO_OLD


async def test_a_link_is_opened_and_a_button_that_is_gone_cannot_be_pressed(party: Party) -> None:
    sent = await party.bot.ok("sendMessage", chat_id=party.ann.id, text="card", reply_markup=KEYS)
    opened = await party.ann.press("clawbot", "Open")
    assert (opened.kind, opened.url) == ("url", "https://x.org")
    await party.bot.ok("editMessageText", chat_id=party.ann.id, message_id=sent["message_id"], text="gone")
    with pytest.raises(WorldRefused, match="nobody sees a button"):
        await party.ann.press("clawbot", "Stop")


async def test_one_tap_creates_a_managed_bot(party: Party) -> None:
    await party.bot.ok("sendMessage", chat_id=party.ann.id, text="your bot?", reply_markup=CREATE)
    assert (await party.ann.chat("clawbot")).keyboard == (("Later",), ("Create my bot",))
    pressed = await party.ann.press("clawbot", "Create my bot")
    assert pressed.kind == "managed_bot"
    updates = (await next_update(party)) | (await next_update(party))
    created = updates["message"]["managed_bot_created"]["bot"]
    told = updates["managed_bot"]
    assert told["bot"] == created
    assert told["user"]["id"] == party.ann.id
    assert (created["username"], created["first_name"]) == ("anns_agent_bot", "Ann's agent")
    assert (await party.ann.chat("clawbot")).keyboard == ()
    token = await party.bot.ok("getManagedBotToken", user_id=created["id"])
    assert (await BotApi(party.world, token).ok("getMe"))["username"] == "anns_agent_bot"
    new = await party.bot.ok("replaceManagedBotToken", user_id=created["id"])
    assert await BotApi(party.world, token).refused("getMe") == (401, "Unauthorized")
    assert (await BotApi(party.world, new).ok("getMe"))["id"] == created["id"]
    assert (await next_update(party))["managed_bot"]["bot"] == created, "a new token is told to the manager"


async def test_only_the_manager_gets_the_token(party: Party) -> None:
    managed = await party.ann.new_bot("clawbot", "managed_bot", "M")
    stranger = await party.world.bot("stranger_bot", owner=party.ann, can_manage_bots=True)
    assert (await BotApi(party.world, stranger.token).refused("getManagedBotToken", user_id=managed.id))[0] == 400
    await party.world.change_bot("clawbot", can_manage_bots=False)
    assert (await party.bot.refused("getManagedBotToken", user_id=managed.id))[0] == 403
    assert (await party.bot.refused("sendMessage", chat_id=party.ann.id, text="x", reply_markup=CREATE))[0] == 400
    assert (await party.bot.ok("getMe"))["can_manage_bots"] is False


async def test_a_taken_or_wrong_username_makes_no_bot(party: Party) -> None:
    await party.ann.new_bot("clawbot", "taken_bot")
    for username in ("Taken_Bot", "no", "agent", "1_bot", "имя_bot"):
        with pytest.raises(WorldRefused):
            await party.ann.new_bot("clawbot", username)
    assert len(await party.world.bots()) == 2


async def test_a_plain_key_sends_its_text(party: Party) -> None:
    await party.bot.ok("sendMessage", chat_id=party.ann.id, text="?", reply_markup=CREATE)
    assert (await party.ann.press("clawbot", "Later")).kind == "message"
    assert (await next_update(party))["message"]["text"] == "Later"
