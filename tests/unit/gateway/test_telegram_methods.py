"""What an agent may name in a call to Telegram, however it is written."""

from __future__ import annotations

import pytest

from manager_bot.gateway.telegram.methods import check, check_param, method_of
from manager_bot.gateway.telegram.replies import Refused

PEOPLE = frozenset({1, 2})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("media", r'[{"type": "document", "media": "file:\/\/\/etc\/passwd"}]'),
        ("media", r'{"type": "document", "media": "\u0066ile:///etc/passwd"}'),
        ("media", r'{"type": "document", "media": "\u0046\u0049LE:/etc/passwd"}'),
        ("media", r'{"type": "video", "media": "attach://a", "thumbnail": "\/etc\/passwd"}'),
        ("media", '{"type": "photo", "media": "/etc/passwd", "media": "attach://a"}'),
        ("media", '{"type": "photo", "media": "attach://a"'),
        ("media", "[" * 100_000),
        ("options", r'[{"text": "a", "media": {"type": "photo", "media": "\u0066ile:\/x"}}]'),
        ("document", "/etc/passwd"),
        ("document", " File:/etc/passwd"),
        ("sticker", "file:x"),
        ("file_id", "/etc/passwd"),
        ("a_field_of_tomorrow", "/etc/passwd"),
    ],
)
def test_no_file_of_the_servers_host_is_named(name: str, value: str) -> None:
    with pytest.raises(Refused):
        check_param(name, value, PEOPLE)


@pytest.mark.parametrize("method", ["setMyCommands", "deleteMyCommands"])
@pytest.mark.parametrize(
    "scope",
    [
        {"type": "chat", "chat_id": 3},
        '{"type": "chat", "chat_id": 3}',
        r'{"type": "chat", "\u0063hat_id": "@channel"}',
        '{"type": "chat", "chat_id": 3, "chat_id": 1}',
        {"type": "chat_member", "chat_id": 1, "user_id": 3},
    ],
)
def test_commands_are_set_for_the_agents_people_alone(method: str, scope: object) -> None:
    with pytest.raises(Refused):
        check(method_of(method), {"commands": [], "scope": scope}, PEOPLE)


def test_a_reply_into_another_chat_is_refused_in_any_writing() -> None:
    with pytest.raises(Refused):
        check_param("reply_parameters", r'{"message_id": 4, "chat_i\u0064": 3}', PEOPLE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", "/start reads file:///etc/hosts"),
        ("text", "[not JSON"),
        ("caption", "{neither is this"),
        ("media", r'[{"type": "photo", "media": "https:\/\/example.org\/a.png", "caption": "/a file:/"}]'),
        ("document", "BQACAgIAAxkBAAIB"),
        ("commands", '[{"command": "/help", "description": "/help tells more"}]'),
        ("reply_markup", '{"keyboard": [["/help", {"text": "/stop"}]]}'),
        ("options", '["/etc", "/usr"]'),
        ("scope", '{"type": "chat", "chat_id": 1}'),
        ("scope", '{"type": "all_group_chats"}'),
        ("reply_parameters", '{"message_id": 4, "chat_id": 2, "quote": "/x"}'),
    ],
)
def test_words_and_the_agents_own_chats_pass(name: str, value: str) -> None:
    check_param(name, value, PEOPLE)
