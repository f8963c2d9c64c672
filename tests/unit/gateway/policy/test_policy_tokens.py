"""The estimate knows scripts and errs upwards, measured against the emulated Gemini's own counter."""

from __future__ import annotations

import base64

import pytest
from fixtures.tool_outputs import ALL
from hypothesis import given, settings
from hypothesis import strategies as st

from manager_bot.demo.gemini.tokens import count_text
from manager_bot.gateway.policy.tokens import (
    Anchor,
    estimate_anchored,
    estimate_content,
    estimate_request,
    estimate_text,
)

TEXTS = {
    "en": "The quick brown fox jumps over the lazy dog, and internationalisation remains questionable. " * 50,
    "ru": "Мы хотим понять, почему результаты различаются по сезонам; достопримечательности предложите. " * 50,
    "es": "¿Cuáles son los posibles impactos ambientales y en la salud humana? " * 50,
    "zh": "我们想了解为什么不同季节的结果存在差异，请比较这两种方法。" * 50,
    "emoji": "👍🏽🎉 ok " * 100,
    **{kind: made.text for kind, made in ALL.items()},
}


def said(role: str, text: str) -> dict:
    return {"role": role, "parts": [{"text": text}]}


@pytest.mark.parametrize("kind", TEXTS)
def test_the_estimate_is_over_and_not_far_over(kind: str) -> None:
    exact = count_text(TEXTS[kind])

    assert exact <= estimate_text(TEXTS[kind]) <= 1.45 * exact


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="abc 123\n\t._-éßñАбв中文กขक🎉𝔘𠜎한あ", max_size=160))
def test_no_text_of_any_mixture_is_underestimated(text: str) -> None:
    assert estimate_text(text) >= count_text(text)


def test_nothing_is_nothing() -> None:
    assert estimate_text("") == 0


def test_a_picture_is_tiles_and_not_its_base64() -> None:
    data = base64.b64encode(bytes(300_000)).decode()

    tokens = estimate_content({"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": data}}]})

    assert 258 <= tokens <= 258 * 16 + 20


def test_a_picture_inside_a_tool_result_is_a_picture_too() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "A" * 40_000}}
    result = {"name": "look", "response": {"output": "seen"}, "parts": [picture]}

    assert estimate_content({"role": "user", "parts": [{"functionResponse": result}]}) < 1_000


def test_system_prompt_and_tools_are_counted() -> None:
    bare = {"contents": [said("user", "hi")]}
    dressed = {
        **bare,
        "systemInstruction": {"parts": [{"text": TEXTS["en"]}]},
        "tools": [{"functionDeclarations": [{"name": "read", "description": TEXTS["es"]}]}],
    }

    assert estimate_request(dressed) - estimate_request(bare) >= count_text(TEXTS["en"]) + count_text(TEXTS["es"])


def test_an_exact_count_leaves_only_the_new_to_be_estimated() -> None:
    contents = [said("user", "a" * 4_000), said("model", "b"), said("user", "new words")]
    body = {"contents": contents}

    assert estimate_anchored(body, Anchor(2, 10_000)) == 10_000 + estimate_content(contents[2])
    assert estimate_anchored(body, None) == estimate_request(body)
    assert estimate_anchored(body, Anchor(9, 10_000)) == estimate_request(body)
