"""The emulator finds the person's words, counts by script and speaks four languages."""

import json
from datetime import UTC, datetime

import pytest

from manager_bot.demo.gemini.intents import Intent, intent_of, language_of
from manager_bot.demo.gemini.rules import sign, signed
from manager_bot.demo.gemini.schema import check
from manager_bot.demo.gemini.talk import reply_to
from manager_bot.demo.gemini.tokens import count_text, cut_text, split_text
from manager_bot.demo.gemini.words import last_words, person_turns

ENVELOPE = (
    "[Sun 2026-11-22 10:32 UTC] Conversation info: ⟦openclaw:ctx⟧\n```json\n"
    '{{"sender":{{"id":"4242","name":"Owner"}}}}\n```\n\n{words}'
)
INTERNAL = '<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nConversation data: "design it"\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>'


def user(*texts: str) -> dict[str, object]:
    return {"role": "user", "parts": [{"text": text} for text in texts]}


def asked(words: str, **more: object) -> dict[str, object]:
    return {"contents": [user(ENVELOPE.format(words=words)), user(INTERNAL)], **more}


def tools(*names: str) -> list[object]:
    properties = {"path": {}, "content": {}, "url": {}}
    return [{"functionDeclarations": [{"name": n, "parametersJsonSchema": {"properties": properties}} for n in names]}]


def test_the_words_are_found_inside_the_envelope_and_beside_internal_context() -> None:
    assert last_words(asked("What time is it?")) == "What time is it?"


RUNTIME = (
    "OpenClaw runtime context for the immediately preceding user message.\n"
    "This context is runtime-generated, not user-authored. Keep internal details private.\n\n"
    '<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nConversation info (untrusted metadata):\n```json\n{"chat_id": "1"}\n```\n'
    "<<<END_OPENCLAW_INTERNAL_CONTEXT>>>"
)


def test_a_running_agents_context_comes_last_even_after_a_tools_result() -> None:
    contents = [user("[Mon 2026-11-23 20:59 UTC] read a.txt"), user(RUNTIME)]
    assert last_words({"contents": contents}) == "read a.txt"
    call = {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {}}}]}
    result = {"role": "user", "parts": [{"functionResponse": {"name": "read", "response": {"output": "milk"}}}]}
    body = {"contents": [contents[0], call, result, user(RUNTIME)]}
    assert last_words(body) == "read a.txt"
    assert "milk" in reply_to(body).text


def test_a_message_of_several_lines_keeps_its_own_code_block() -> None:
    words = "Fix this:\n```json\n{}\n```\nplease"
    assert last_words(asked(words)) == words


def test_tool_results_do_not_hide_the_question() -> None:
    body = asked("read a.txt")
    body["contents"] += [  # type: ignore[operator]
        {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "read", "response": {"output": "milk"}}}]},
    ]
    assert last_words(body) == "read a.txt"
    assert "milk" in reply_to(body).text


def test_turns_are_split_by_the_models_answers() -> None:
    body = {"contents": [user("one"), user("two"), {"role": "model", "parts": [{"text": "yes"}]}, user("three")]}
    assert person_turns(body) == ["one\ntwo", "three"]


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("The quick brown fox jumps over the lazy dog.", 9, 12),
        ("Сколько сейчас времени в Москве?", 7, 13),
        ("今天天气怎么样我们去公园吧", 8, 11),
        ("1234567890", 10, 10),
        ('{"id":4711,"ok":true}', 12, 17),
        ("", 0, 0),
    ],
)
def test_tokens_follow_the_script_not_the_length(text: str, least: int, most: int) -> None:
    assert least <= count_text(text) <= most


@pytest.mark.parametrize(
    "text", ["Hello, wide world! 42 times.", "привет мир как дела", "你好世界你好世界", " x\n\n y", "😀😀"]
)
def test_a_split_text_is_the_same_text_and_a_cut_one_its_head(text: str) -> None:
    for pieces in (1, 2, 5, 50):
        assert "".join(split_text(text, pieces)) == text
        assert len(split_text(text, pieces)) <= max(1, pieces)
    for limit in range(count_text(text) + 1):
        head = cut_text(text, limit)
        assert text.startswith(head)
        assert count_text(head) <= limit
    assert cut_text(text, count_text(text)) == text


@pytest.mark.parametrize(
    ("words", "language", "intent"),
    [
        ("What time is it?", "en", Intent.TIME),
        ("Который час?", "ru", Intent.TIME),
        ("¿Qué hora es?", "es", Intent.TIME),
        ("现在几点？", "zh", Intent.TIME),
        ("Hello there", "en", Intent.HELLO),
        ("Привет!", "ru", Intent.HELLO),
        ("gracias", "es", Intent.THANKS),
        ("写一个函数", "zh", Intent.CODE),
        ("Спроектируй систему оплаты", "ru", Intent.DESIGN),
        ("Tell me about whales", "en", None),
    ],
)
def test_language_and_intent(words: str, language: str, intent: Intent | None) -> None:
    assert language_of(words) == language
    assert intent_of(words) == intent


def test_the_time_is_told_in_the_persons_language() -> None:
    now = datetime(2026, 11, 22, 10, 32, tzinfo=UTC)
    assert "10:32 UTC" in reply_to(asked("What time is it?"), now).text
    assert reply_to(asked("Который час?"), now).text.startswith("Сейчас 10:32")


@pytest.mark.parametrize(
    ("words", "name", "args"),
    [
        ('Please write "buy milk" to notes.md', "write", {"path": "notes.md", "content": "buy milk"}),
        ("Запиши купить хлеб в файл list.txt", "write", {"path": "list.txt", "content": "купить хлеб"}),
        ("save to a/b.txt: one two", "write", {"path": "a/b.txt", "content": "one two"}),
        ("read notes.md", "read", {"path": "notes.md"}),
        ("Прочитай файл list.txt", "read", {"path": "list.txt"}),
        ("读 notes.md", "read", {"path": "notes.md"}),
        ("fetch http://127.0.0.1:9/x", "web_fetch", {"url": "http://127.0.0.1:9/x"}),
    ],
)
def test_a_plain_wish_becomes_a_tool_call(words: str, name: str, args: dict[str, str]) -> None:
    answer = reply_to(asked(words, tools=tools("read", "write", "web_fetch")))
    assert [(call.name, call.args) for call in answer.calls] == [(name, args)]


def test_a_tool_that_is_not_declared_or_is_forbidden_is_not_called() -> None:
    assert not reply_to(asked("read notes.md", tools=tools("write"))).calls
    forbidden = {"functionCallingConfig": {"mode": "NONE"}}
    assert not reply_to(asked("read notes.md", tools=tools("read"), toolConfig=forbidden)).calls


def test_facts_said_earlier_are_recalled_and_survive_a_summary() -> None:
    model = {"role": "model", "parts": [{"text": "Noted."}]}
    body = {
        "contents": [
            user("My locker code is 4711"),
            model,
            user("nice weather"),
            model,
            user("What is my locker code?"),
        ]
    }
    assert "4711" in reply_to(body).text
    assert "4711" in reply_to({"contents": [*body["contents"][:3], model, user("Summarize our conversation")]}).text


def test_sums_are_computed() -> None:
    assert reply_to({"contents": [user("17 * 3?")]}).text == "17 * 3 = 51"


def test_a_signature_is_recognised_only_unchanged() -> None:
    good = sign("x")
    assert signed(good)
    assert not signed(good[:20] + ("A" if good[20] != "A" else "B") + good[21:])
    assert not signed("bm90IG91cnM=")


def test_both_cases_of_names_are_one_and_paths_are_printed_in_snake_case() -> None:
    clean, none = check("GenerateContentRequest", json.loads('{"system_instruction": {"parts": {"text": "x"}}}'))
    assert clean == {"systemInstruction": {"parts": [{"text": "x"}]}}
    assert not none
    _, wrong = check("GenerateContentRequest", {"generationConfig": {"thinkingConfig": {"speed": 1}}})
    assert wrong[0].path == "generation_config.thinking_config"
