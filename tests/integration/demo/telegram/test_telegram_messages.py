"""Sending, editing and deleting: what Telegram refuses, in its own words."""

from __future__ import annotations

import asyncio

import pytest
from bot_api import Party

from manager_bot.demo.client import NotSeen, WorldRefused

HTML = "Bad Request: can't parse entities: "


async def test_who_may_be_written_to(party: Party) -> None:
    bob = await party.world.person("Bob")
    send = party.bot.refused
    assert await send("sendMessage", chat_id=999, text="x") == (400, "Bad Request: chat not found")
    assert await send("sendMessage", chat_id="@nobody", text="x") == (400, "Bad Request: chat not found")
    assert await send("sendMessage", chat_id=bob.id, text="x") == (
        403,
        "Forbidden: bot can't initiate conversation with a user",
    )
    await bob.send("clawbot", "/start")
    await party.bot.ok("sendMessage", chat_id=bob.id, text="x")
    await bob.block("clawbot")
    assert await send("sendMessage", chat_id=bob.id, text="x") == (403, "Forbidden: bot was blocked by the user")
    await bob.unblock("clawbot")
    await party.bot.ok("sendMessage", chat_id=bob.id, text="x")
    kinds = [next(k for k in update if k != "update_id") for update in await party.bot.ok("getUpdates")]
    assert kinds == ["message", "my_chat_member", "my_chat_member"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a <b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("é<foo>x</foo>", 'Unsupported start tag "foo" at byte offset 2'),
        ("1 <", "Unclosed start tag at byte offset 2"),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
async def test_html_is_really_parsed(party: Party, text: str, complaint: str) -> None:
    refusal = await party.bot.refused("sendMessage", chat_id=party.ann.id, text=text, parse_mode="HTML")
    assert refusal == (400, HTML + complaint)


async def test_html_becomes_text_and_entities_in_utf16(party: Party) -> None:
    text = '  😀 <b>bo<i>ld</i></b> &lt;&#33;&nbsp; <a href="https://x.org/?a=1&amp;b=2">l</a> <code>/no</code> /yes '
    sent = await party.bot.ok("sendMessage", chat_id=party.ann.id, text=text, parse_mode="HTML")
    assert sent["text"] == "😀 bold <!&nbsp; l /no /yes"
    assert sent["entities"] == [
        {"type": "bold", "offset": 3, "length": 4},
        {"type": "italic", "offset": 5, "length": 2},
        {"type": "text_link", "offset": 17, "length": 1, "url": "https://x.org/?a=1&b=2"},
        {"type": "code", "offset": 19, "length": 3},
        {"type": "bot_command", "offset": 23, "length": 4},
    ]


async def test_the_length_counts_after_parsing_in_utf16(party: Party) -> None:
    to = party.ann.id
    await party.bot.ok("sendMessage", chat_id=to, text="<b>" + "a" * 4096 + "</b>", parse_mode="HTML")
    too_long = (400, "Bad Request: message is too long")
    assert await party.bot.refused("sendMessage", chat_id=to, text="a" * 4097) == too_long
    assert await party.bot.refused("sendMessage", chat_id=to, text="😀" * 2049) == too_long
    assert await party.bot.refused("sendMessage", chat_id=to, text=" \n ") == (
        400,
        "Bad Request: text must be non-empty",
    )


@pytest.mark.parametrize(
    ("button", "description"),
    [
        ({"text": "x", "callback_data": "я" * 33}, "Bad Request: BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "Bad Request: BUTTON_DATA_INVALID"),
        (
            {"text": "x"},
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        ({"text": "x", "url": "http://localhost:8080"}, "Bad Request: inline keyboard button URL"),
    ],
)
async def test_buttons_are_checked(party: Party, button: dict[str, str], description: str) -> None:
    markup = {"inline_keyboard": [[button]]}
    status, said = await party.bot.refused("sendMessage", chat_id=party.ann.id, text="x", reply_markup=markup)
    assert status == 400
    assert said.startswith(description)


async def test_editing(party: Party) -> None:
    to, bot = party.ann.id, party.bot
    keys = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    sent = (await bot.ok("sendMessage", chat_id=to, text="one", reply_markup=keys))["message_id"]
    status, said = await bot.refused("editMessageText", chat_id=to, message_id=sent, text="one", reply_markup=keys)
    assert status == 400
    assert said.startswith("Bad Request: message is not modified: ")
    edited = await bot.ok("editMessageText", chat_id=to, message_id=sent, text="<b>one</b>", parse_mode="HTML")
    assert edited["entities"]
    assert edited["edit_date"]
    assert "reply_markup" not in edited, "an edit without a keyboard takes it away"
    assert await bot.refused("editMessageText", chat_id=to, message_id=99, text="x") == (
        400,
        "Bad Request: message to edit not found",
    )
    anns = (await party.ann.send("clawbot", "mine")).id
    assert await bot.refused("editMessageText", chat_id=to, message_id=anns, text="x") == (
        400,
        "Bad Request: message can't be edited",
    )
    assert await bot.refused("editMessageCaption", chat_id=to, message_id=sent, caption="x") == (
        400,
        "Bad Request: there is no caption in the message to edit",
    )
    assert await bot.refused("editMessageText", chat_id=to, message_id=sent, text="a" * 4097) == (
        400,
        "Bad Request: MESSAGE_TOO_LONG",
    )
    seen = (await party.ann.chat("clawbot")).messages
    assert [m.text for m in seen if m.id == sent] == ["one"]


async def test_deleting(party: Party) -> None:
    to, bot = party.ann.id, party.bot
    token = await party.ann.send("clawbot", "a secret")
    await bot.ok("deleteMessage", chat_id=to, message_id=token.id)
    gone = (400, "Bad Request: message to delete not found")
    assert await bot.refused("deleteMessage", chat_id=to, message_id=token.id) == gone
    assert [m.deleted for m in await party.ann.messages("clawbot") if m.id == token.id] == [True]
    old = await party.ann.send("clawbot", "old")
    await party.world.advance(48 * 3600 + 1)
    assert await bot.refused("deleteMessage", chat_id=to, message_id=old.id) == (
        400,
        "Bad Request: message can't be deleted for everyone",
    )
    new = await party.ann.send("clawbot", "new")
    await bot.ok("deleteMessages", chat_id=to, message_ids=[new.id, 12345])


async def test_replies(party: Party) -> None:
    to, bot = party.ann.id, party.bot
    question = await party.ann.send("clawbot", "what?")
    sent = await bot.ok("sendMessage", chat_id=to, text="that", reply_parameters={"message_id": question.id})
    assert sent["reply_to_message"]["text"] == "what?"
    assert await bot.refused("sendMessage", chat_id=to, text="x", reply_parameters={"message_id": 999}) == (
        400,
        "Bad Request: message to be replied not found",
    )
    lenient = {"message_id": 999, "allow_sending_without_reply": True}
    assert "reply_to_message" not in await bot.ok("sendMessage", chat_id=to, text="x", reply_parameters=lenient)


async def test_a_topic_in_a_chat_without_topics_is_refused(party: Party) -> None:
    refusal = await party.bot.refused("sendMessage", chat_id=party.ann.id, text="x", message_thread_id=5)
    assert refusal == (400, "Bad Request: message thread not found")


async def test_the_flood_gate_says_how_long_to_wait(party: Party) -> None:
    await party.world.limits(chat_burst=3, chat_per_second=2)
    replies = [await party.bot.call("sendMessage", chat_id=party.ann.id, text=f"{n}") for n in range(5)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    body = replies[3].body
    assert body["parameters"] == {"retry_after": 1}
    assert body["description"] == "Too Many Requests: retry after 1"
    await asyncio.sleep(0.6)
    await party.bot.ok("sendMessage", chat_id=party.ann.id, text="again")


async def test_typing_shows_until_a_message_comes(party: Party) -> None:
    await party.bot.ok("sendChatAction", chat_id=party.ann.id, action="typing")
    assert (await party.ann.chat("clawbot")).action == "typing"
    assert await party.bot.refused("sendChatAction", chat_id=party.ann.id, action="dance") == (
        400,
        "Bad Request: wrong parameter action in request",
    )
    await party.bot.ok("sendMessage", chat_id=party.ann.id, text="done")
    assert (await party.ann.chat("clawbot")).action is None


async def test_what_people_cannot_do_is_refused(party: Party) -> None:
    sent = await party.bot.ok("sendMessage", chat_id=party.ann.id, text="the bot's")
    with pytest.raises(WorldRefused, match="only one's own"):
        await party.ann.edit("clawbot", sent["message_id"], "x")
    with pytest.raises(WorldRefused, match="no message 99"):
        await party.ann.delete("clawbot", 99)
    with pytest.raises(WorldRefused, match="unknown field 'txt'"):
        await party.world.ask("POST", f"/chats/{party.ann.id}/clawbot/send", {"txt": "x"})
    await party.ann.block("clawbot")
    with pytest.raises(WorldRefused, match="unblock"):
        await party.ann.send("clawbot", "x")
    with pytest.raises(NotSeen, match="the bot's"):
        await party.ann.wait_for("clawbot", "something else", within=0.1)


async def test_reactions_both_ways(party: Party) -> None:
    await party.bot.ok("getUpdates", allowed_updates=["message", "message_reaction"])
    message = await party.ann.send("clawbot", "look")
    await party.bot.ok(
        "setMessageReaction", chat_id=party.ann.id, message_id=message.id, reaction=[{"type": "emoji", "emoji": "👀"}]
    )
    await party.ann.react("clawbot", message, "🔥")
    seen = next(m for m in await party.ann.messages("clawbot") if m.id == message.id)
    assert set(seen.reactions) == {"👀", "🔥"}
    update = (await party.bot.ok("getUpdates"))[-1]
    assert update["message_reaction"]["new_reaction"] == [{"type": "emoji", "emoji": "🔥"}]
    assert await party.bot.refused(
        "setMessageReaction", chat_id=party.ann.id, message_id=message.id, reaction=[{"type": "emoji", "emoji": "x"}]
    ) == (400, "Bad Request: REACTION_INVALID")
