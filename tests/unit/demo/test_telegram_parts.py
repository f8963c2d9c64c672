"""Small parts of the emulated Telegram that need no HTTP."""

from __future__ import annotations

import json

import pytest
from aiogram.methods import EditMessageText, SendDocument, SendMessage

from manager_bot.demo.clock import Clock
from manager_bot.demo.events import EventBus
from manager_bot.demo.telegram.bots import TOKEN, USERNAME, new_token
from manager_bot.demo.telegram.errors import ApiError
from manager_bot.demo.telegram.files import Upload, image_size
from manager_bot.demo.telegram.methods import find_method
from manager_bot.demo.telegram.redact import redact, redacted
from manager_bot.demo.telegram.requests import Parameters, build_method
from manager_bot.demo.telegram.updates import UpdateQueue


def test_tokens_have_telegrams_shape_and_are_redacted_everywhere() -> None:
    token = new_token(7100000001)
    assert TOKEN.fullmatch(token)
    assert token not in redact(f"/bot{token}/getMe and {token.replace(':', '%3A')}")
    secret = token.partition(":")[2]
    deep = {"a": [{"b": f"x {token} y"}], token: 1}
    assert secret not in json.dumps(redacted(deep))
    assert redact("12:30 and 123456:short stay") == "12:30 and 123456:short stay"


@pytest.mark.parametrize(("name", "good"), [("ann_bot", True), ("AnnBot", True), ("bot", False), ("ann", False)])
def test_usernames_of_bots(name: str, good: bool) -> None:
    assert bool(USERNAME.fullmatch(name)) is good


def test_form_strings_become_typed_values() -> None:
    values: dict[str, object] = {
        "chat_id": "42",
        "text": "42",
        "disable_notification": "True",
        "entities": '[{"type":"bold","offset":0,"length":1}]',
    }
    method = build_method(SendMessage, Parameters(values, {}))
    assert isinstance(method, SendMessage)
    assert (method.chat_id, method.text, method.disable_notification) == (42, "42", True)
    assert method.entities is not None
    assert method.entities[0].length == 1


def test_a_thumbnail_arrives_as_a_file() -> None:
    files = {"t": Upload("t.jpg", "image/jpeg", b"x")}
    values: dict[str, object] = {"chat_id": 1, "document": "attach://d", "thumbnail": "attach://t"}
    method = build_method(SendDocument, Parameters(values, files))
    assert method.thumbnail is not None
    with pytest.raises(ApiError, match="wrong file identifier"):
        build_method(SendDocument, Parameters(values, {}))


@pytest.mark.parametrize("name", ["business_connection_id", "inline_message_id"])
def test_parameters_we_do_not_emulate_are_said_to_be_so(name: str) -> None:
    with pytest.raises(ApiError) as refusal:
        build_method(EditMessageText, Parameters({"text": "x", name: "1"}, {}))
    assert refusal.value.code == 501


def test_every_method_an_agent_or_the_manager_calls_is_emulated() -> None:
    called = [
        "getMe", "deleteWebhook", "deleteMyCommands", "setMyCommands", "getUpdates",
        "sendMessage", "sendChatAction", "editMessageText", "deleteMessage", "answerCallbackQuery",
        "getFile", "sendPhoto", "sendDocument", "setMessageReaction", "getManagedBotToken",
    ]  # fmt: skip
    assert [name for name in called if find_method(name)[1] is None] == []
    assert find_method("sendDice")[0] is not None
    assert find_method("sendDice")[1] is None
    assert find_method("sendNothing") == (None, None)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0", (640, 480)),
        (b"GIF89a\x02\x00\x03\x00", (2, 3)),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x10\x00\x20", (32, 16)),
        (b"\xff\xd8\xff", None),
        (b"text", None),
    ],
)
def test_sizes_of_pictures(data: bytes, size: tuple[int, int] | None) -> None:
    assert image_size(data) == size


async def test_updates_of_a_day_ago_are_forgotten() -> None:
    clock = Clock()
    queue = UpdateQueue(clock)
    queue.put("message", {"text": "old"})
    clock.advance(24 * 3600 + 1)
    queue.put("message", {"text": "new"})
    assert [update.payload["text"] for update in await queue.get(None, None, None, None)] == ["new"]


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        Clock().advance(-1)


async def test_a_late_listener_hears_the_past_and_then_the_present() -> None:
    bus = EventBus(Clock())
    bus.publish("a", x=1)
    stream = bus.follow(0)
    assert (await anext(stream)).as_json()["x"] == 1
    bus.publish("b")
    assert (await anext(stream)).kind == "b"
    assert bus.since(bus.last) == []
