"""Tool output is cut to the limit without losing its form or what an agent needs from its middle."""

from __future__ import annotations

import json
import time

import pytest
from fixtures.tool_outputs import ALL
from hypothesis import given, settings
from hypothesis import strategies as st

from manager_bot.gateway.policy.truncation import (
    TOOL_OUTPUT_LIMIT,
    size_of,
    truncate_body,
    truncate_text,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(max_size=30), inner, max_size=40),
    max_leaves=200,
)
RESPONSES = st.one_of(
    st.builds(lambda key, text: {key: text}, st.sampled_from(["output", "error", "result"]), st.text(max_size=4000)),
    st.dictionaries(st.text(max_size=30), JSON_VALUES, max_size=8),
    st.text(max_size=3000).map(lambda text: {"content": [{"type": "text", "text": text}]}),
)


def body_with(response: object) -> dict:
    return {"contents": [{"role": "user", "parts": [{"functionResponse": {"name": "read", "response": response}}]}]}


def response_in(body: dict) -> object:
    return body["contents"][0]["parts"][0]["functionResponse"]["response"]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("limit", [TOOL_OUTPUT_LIMIT, 1_000])
def test_what_was_planted_in_the_middle_of_50_000_characters_survives(kind: str, limit: int) -> None:
    text = ALL[kind].text

    cut = truncate_text(text, limit)

    assert len(text) > 40_000
    assert len(cut) <= limit
    assert [planted for planted in ALL[kind].planted if planted not in cut] == []


@pytest.mark.parametrize("kind", ALL)
def test_what_was_left_out_is_counted(kind: str) -> None:
    cut = truncate_text(ALL[kind].text)

    assert "left out" in cut
    assert any(unit in cut for unit in (" lines", " rows", " items"))


def test_json_stays_json_with_its_keys() -> None:
    text = ALL["json"].text

    cut = json.loads(truncate_text(text))

    assert list(cut) == ["total", "next", "items"]
    assert cut["total"] == json.loads(text)["total"]
    assert next(item for item in cut["items"] if isinstance(item, dict)).keys() == {"id", "name", "active", "tags"}


def test_json_between_words_stays_json() -> None:
    cut = truncate_text("Status 200\n" + ALL["json"].text + "\nDone.")

    assert cut.startswith("Status 200\n")
    assert cut.endswith("\nDone.")
    assert json.loads(cut.removeprefix("Status 200\n").removesuffix("\nDone."))["items"]


def test_an_object_of_long_values_keeps_every_key() -> None:
    text = json.dumps({f"field_{n}": f"start {n} " + "x" * 2_000 for n in range(30)})

    assert list(json.loads(truncate_text(text))) == [f"field_{n}" for n in range(30)]


def test_csv_keeps_its_header() -> None:
    assert truncate_text(ALL["csv"].text).startswith("id,order,state,amount,origin\n")


def test_a_page_loses_its_layout_first() -> None:
    cut = truncate_text(ALL["html"].text)

    assert ".row{color" not in cut
    assert 'class="' not in cut


def test_every_error_line_is_kept_while_there_is_room() -> None:
    lines = [f"step {n} fine and in order" for n in range(3_000)]
    errors = {at: f"ERROR code E{at:05} in module {at % 7}" for at in range(100, 3_000, 200)}
    for at, line in errors.items():
        lines[at] = line

    cut = truncate_text("\n".join(lines))

    assert [line for line in errors.values() if line not in cut] == []
    assert "15 of 15 error lines kept" in cut


def test_a_line_without_breaks_keeps_its_ends() -> None:
    cut = truncate_text("start-of-blob " + "lorem ipsum " * 5_000 + "end-of-blob")

    assert cut.startswith("start-of-blob")
    assert "end-of-blob" in cut


def test_what_fits_is_the_same_object() -> None:
    body = body_with({"output": "x" * TOOL_OUTPUT_LIMIT})

    assert truncate_body(body).body is body


def test_name_id_and_media_beside_the_response_stay() -> None:
    call = {"name": "read", "id": "7", "response": {"output": "x\n" * 9_000}, "parts": [{"inlineData": {"data": "aa"}}]}
    body = {"contents": [{"role": "user", "parts": [{"functionResponse": call}]}], "tools": [{"a": 1}]}

    cut = truncate_body(body)

    after = cut.body["contents"][0]["parts"][0]["functionResponse"]
    assert {key: after[key] for key in ("name", "id", "parts")} == {key: call[key] for key in ("name", "id", "parts")}
    assert cut.body["tools"] is body["tools"]
    assert cut.results == 1
    assert cut.characters_saved >= 13_000


@settings(max_examples=150, deadline=None)
@given(response=RESPONSES, limit=st.sampled_from([250, 600, 1_500]))
def test_no_result_is_over_the_limit_and_cutting_twice_is_cutting_once(response: object, limit: int) -> None:
    once = truncate_body(body_with(response), limit).body

    assert size_of(response_in(once)) <= limit
    assert truncate_body(once, limit).body is once


@settings(max_examples=60, deadline=None)
@given(value=JSON_VALUES.filter(lambda value: isinstance(value, dict | list)))
def test_any_json_text_stays_parseable(value: object) -> None:
    text = json.dumps(value)

    cut = truncate_text(text, 500)

    assert len(cut) <= 500
    json.loads(cut)


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(st.text(max_size=300), min_size=1, max_size=80))
def test_any_text_is_cut_to_the_limit(lines: list[str]) -> None:
    for limit in (40, 200, 700):
        assert len(truncate_text("\n".join(lines), limit)) <= limit


def test_hostile_nesting_costs_little_and_ends() -> None:
    deep: object = "x" * 9_000
    for at in range(200):
        deep = {"k": deep, "l": [deep] if at < 8 else []}
    began = time.process_time()

    cut = truncate_text(json.dumps(deep))

    assert len(cut) <= TOOL_OUTPUT_LIMIT
    assert time.process_time() - began < 5


def test_a_nest_too_deep_for_any_encoder_is_left_to_gemini() -> None:
    deep: object = "x" * 9_000
    for _ in range(600):
        deep = [deep]
    body = body_with({"content": deep, "more": 1})

    assert truncate_body(body).body is body
    assert len(truncate_text("[" * 600 + "1" * 9_000 + "]" * 600)) <= TOOL_OUTPUT_LIMIT


def test_a_giant_is_cut_in_bounded_time_and_keeps_its_error() -> None:
    line = "2026-11-22 10:40:07 INFO worker-3 handled request 8123456 in 12 ms\n"
    text = line * 40_000 + "2026-11-22 11:00:00 FATAL no space left on /dev/sdb1\n" + line * 40_000
    began = time.process_time()

    cut = truncate_text(text)

    assert len(cut) <= TOOL_OUTPUT_LIMIT
    assert "FATAL no space left on /dev/sdb1" in cut
    assert time.process_time() - began < 3


def test_a_page_of_scripts_never_closed_is_cut_in_bounded_time() -> None:
    began = time.process_time()

    cut = truncate_text("<html><body>" + "<script>" * 40_000 + "<p>words</p>")

    assert len(cut) <= TOOL_OUTPUT_LIMIT
    assert time.process_time() - began < 3
