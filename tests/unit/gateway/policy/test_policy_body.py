"""A request is read the same in every form that Google's parser takes."""

from __future__ import annotations

import re

import pytest
from conversations import conversation
from hypothesis import HealthCheck, given, settings

from manager_bot.gateway.policy.body import canonical
from manager_bot.gateway.policy.tokens import estimate_request
from manager_bot.gateway.policy.words import read_turn


def snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"_{found.group().lower()}", name)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(body=conversation(turns=3, text=900, result=900))
def test_snake_case_is_read_as_its_twin(body: dict) -> None:
    contents = [
        {**content, "parts": [{snake(name): value for name, value in part.items()} for part in content["parts"]]}
        for content in body["contents"]
    ]

    assert canonical(body) is body
    assert canonical({**body, "contents": contents}) == body


def test_one_thing_is_read_as_a_list_of_one() -> None:
    text = {"text": "What time is it?"}
    bare = {"contents": {"role": "user", "parts": text}, "systemInstruction": {"parts": {"text": "Be brief. " * 99}}}

    read = canonical(bare)

    assert read["contents"] == [{"role": "user", "parts": [text]}]
    assert read_turn(read).words == "What time is it?"
    assert estimate_request(read) > 99


@pytest.mark.parametrize("body", [{}, {"contents": None}, {"contents": "x"}, {"contents": [None, 3, {"parts": "x"}]}])
def test_what_is_no_request_stays_as_it_is(body: dict) -> None:
    assert canonical(body) is body
