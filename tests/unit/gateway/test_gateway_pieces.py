"""The gateway's small parts as plain functions."""

from __future__ import annotations

import pytest

from manager_bot.gateway.gemini.errors import GeminiError
from manager_bot.gateway.gemini.requests import check_platform, output_of, with_output
from manager_bot.gateway.gemini.usage import Frames, Reading, spending_of
from manager_bot.gateway.limits import Limits, TooBusy
from manager_bot.gateway.telegram.methods import METHODS, check, method_of, person_of
from manager_bot.gateway.telegram.replies import Refused
from manager_bot.gateway.telegram.updates import is_for_agent, last_id, wanted_kinds
from manager_bot.services.holds import Spending

PEOPLE = frozenset({1, 2})


def _message(sender: int, chat: int, kind: str = "message") -> dict[str, object]:
    return {"update_id": 5, kind: {"from": {"id": sender}, "chat": {"id": chat, "type": "private"}}}


@pytest.mark.parametrize(
    ("update", "passes"),
    [
        (_message(1, 1), True),
        (_message(2, 2, "edited_message"), True),
        (_message(3, 3), False),
        (_message(1, -100), False),
        (_message(1, 1, "business_message"), False),
        (_message(1, 1, "some_future_kind"), False),
        ({"update_id": 1, "callback_query": {"from": {"id": 1}, "message": {"chat": {"id": 1}}}}, True),
        ({"update_id": 1, "callback_query": {"from": {"id": 1}, "message": {"chat": {"id": -5}}}}, False),
        ({"update_id": 1, "callback_query": {"from": {"id": 3}, "message": {"chat": {"id": 1}}}}, False),
        ({"update_id": 1, "message_reaction": {"user": {"id": 1}, "chat": {"id": 1}}}, True),
        ({"update_id": 1, "message_reaction": {"actor_chat": {"id": 1}, "chat": {"id": 1}}}, False),
        ({"update_id": 1, "message_reaction_count": {"chat": {"id": 1}}}, False),
        ({"update_id": 1, "inline_query": {"from": {"id": 1}}}, False),
        ({"update_id": 1, "pre_checkout_query": {"from": {"id": 1}}}, False),
        ({"update_id": 1, "message": "odd"}, False),
        ("odd", False),
    ],
)
def test_only_updates_of_the_agents_people_pass(update: object, passes: bool) -> None:
    assert is_for_agent(update, PEOPLE) is passes


def test_an_agent_is_not_subscribed_to_what_it_will_not_get() -> None:
    assert wanted_kinds(["message", "channel_post", "message_reaction"]) == ["message", "message_reaction"]
    assert wanted_kinds(["chat_member"]) == ["message"]
    assert last_id([{"update_id": 3}, {"update_id": 9}, "odd"]) == 9


@pytest.mark.parametrize(
    ("value", "person"),
    [(7, 7), ("7", 7), (True, None), ("@a", None), ("-5", None), (1.0, None), (None, None), ("٧", None)],
)
def test_a_person_is_named_by_an_id_alone(value: object, person: int | None) -> None:
    assert person_of(value) == person


@pytest.mark.parametrize(
    "word", ["webhook", "logout", "close", "invoice", "star", "gift", "payment", "managed", "business", "paid"]
)
def test_no_dangerous_method_is_on_the_list(word: str) -> None:
    harmless = {"getwebhookinfo", "deletewebhook"}
    assert [name for name in METHODS if word in name and name not in harmless] == []


@pytest.mark.parametrize("name", ["setWebhook", "getMe ", "getMe\n", "ſendMessage", ""])
def test_other_methods_are_unknown(name: str) -> None:
    with pytest.raises(Refused):
        method_of(name)


@pytest.mark.parametrize(
    "params",
    [
        {"chat_id": 3}, {"chat_id": 1, "from_chat_id": 3}, {"chat_id": 1, "photo": "file:///etc/passwd"},
        {"chat_id": 1, "media": [{"type": "photo", "media": "FILE:///x"}]}, {"chat_id": 1, "sender_chat_id": 1}, {},
    ],
)  # fmt: skip
def test_what_reaches_beyond_is_refused(params: dict[str, object]) -> None:
    with pytest.raises(Refused):
        check(method_of("copyMessage"), params, PEOPLE)


def test_what_stays_within_passes() -> None:
    check(method_of("sendMessage"), {"chat_id": "1", "text": "x", "reply_parameters": {"message_id": 4}}, PEOPLE)
    check(method_of("setMyCommands"), {"commands": []}, PEOPLE)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_cut_out_of_any_pieces(size: int) -> None:
    raw = b'data: {"a": 1}\r\n\r\n: comment\ndata: {"b": 2}\n\ndata: {"c": 3}'
    frames = Frames()
    found = [event for at in range(0, len(raw), size) for event in frames.feed(raw[at : at + size])]
    assert [*found, *frames.rest()] == [b'{"a": 1}', b'{"b": 2}', b'{"c": 3}']


def test_the_last_usage_counts_and_an_end_is_known() -> None:
    reading = Reading()
    reading.take({"candidates": [{"content": {}}], "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 6}})
    assert (reading.seen.total, reading.ended) == (6, False)
    reading.take({"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"totalTokenCount": 9}})
    assert (reading.seen.total, reading.ended) == (9, True)


def test_what_was_written_since_the_last_count_is_never_free() -> None:
    reading = Reading()
    written = {"candidates": [{"content": {"parts": [{"text": "word " * 1000}]}}]}
    reading.take(written)
    assert reading.at_least(500).total >= 1500
    reading.take({**written, "usageMetadata": {"promptTokenCount": 400, "totalTokenCount": 2400}})
    assert reading.at_least(500).total == 2400
    reading.take(written)
    assert reading.at_least(500).total >= 3400
    assert reading.at_least(500).prompt == 400


def test_usage_without_a_total_is_summed() -> None:
    metadata = {"promptTokenCount": 5, "candidatesTokenCount": 2, "thoughtsTokenCount": 3, "toolUsePromptTokenCount": 1}
    assert spending_of(metadata) == Spending(total=11, prompt=6, output=2, thoughts=3)
    assert spending_of("odd") is None


def test_the_output_is_held_at_its_cap_times_its_answers() -> None:
    assert output_of({}).held == 8192
    assert output_of({"generationConfig": {"maxOutputTokens": 100, "candidateCount": 3}}).held == 300
    assert output_of({"generation_config": {"max_output_tokens": 100}}).held == 100
    assert with_output({"generation_config": {"max_output_tokens": 100, "topK": 1}}, 7) == {
        "generation_config": {"topK": 1, "maxOutputTokens": 7}
    }


@pytest.mark.parametrize(
    "body",
    [
        {"cachedContent": "x"},
        {"tools": [{"urlContext": {}}]},
        {"tools": [{"functionDeclarations": [], "googleSearch": {}}]},
        {"contents": [{"parts": [{"file_data": {}}]}]},
        {"serviceTier": "priority"},
    ],
)
def test_the_platforms_key_is_for_tokens_alone(body: dict[str, object]) -> None:
    with pytest.raises(GeminiError):
        check_platform(body)


def test_a_share_is_bounded_in_rate_and_in_number() -> None:
    limits = Limits(rate=1, burst=2, most=10)
    with limits.share(1), limits.share(1), pytest.raises(TooBusy):
        limits.share(1).__enter__()
    with limits.share(2):
        pass
    few = Limits(rate=100, burst=100, most=1)
    with few.share(1), pytest.raises(TooBusy):
        few.share(1).__enter__()
    with few.share(1):
        pass


def test_an_agents_open_requests_keep_no_more_than_its_room() -> None:
    limits = Limits(rate=100, burst=100, most=10, most_bytes=10)
    with limits.share(1) as first, limits.share(1) as second, limits.share(2) as other:
        first.take(6)
        second.take(4)
        with pytest.raises(TooBusy):
            second.take(1)
        other.take(10)
    with limits.share(1) as again:
        again.take(10)
