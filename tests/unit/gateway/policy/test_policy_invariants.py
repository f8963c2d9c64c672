"""The invariants of DESIGN 6, over generated conversations."""

from __future__ import annotations

import copy
from itertools import pairwise

from conversations import conversation
from hypothesis import HealthCheck, given, settings
from planning import forwarded, nothing

from manager_bot.demo.gemini import GeminiState
from manager_bot.demo.gemini.catalogue import catalogue
from manager_bot.demo.gemini.rules import check_generate, sign
from manager_bot.gateway.policy.body import contents_of, has, is_model, parts_of
from manager_bot.gateway.policy.context import plan_context
from manager_bot.gateway.policy.tokens import estimate_contents, estimate_request
from manager_bot.gateway.policy.truncation import truncate_body
from manager_bot.gateway.policy.window import EXCHANGE, TRIGGER, WINDOW
from manager_bot.gateway.policy.words import read_turn, turn_span

generated = settings(
    max_examples=35, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def without_results(content: dict) -> list[dict]:
    """The parts of a content, of a tool's result only that it is one."""
    return [{"functionResponse": ...} if "functionResponse" in part else part for part in content["parts"]]


@generated
@given(body=conversation())
def test_the_forwarded_request_never_passes_the_window(body: dict) -> None:
    sent = forwarded(body)

    assert sent is None or estimate_request(sent) <= WINDOW
    assert sent is None or GeminiState().count_prompt(sent, "key", "model")[0] <= WINDOW


@generated
@given(body=conversation(turns=3, text=2_000, result=7_000, steps=3))
def test_below_the_trigger_contents_change_only_by_truncation(body: dict) -> None:
    cut = truncate_body(body).body

    sent = forwarded(body)

    if estimate_request(cut) <= TRIGGER:
        assert sent == cut
        assert [without_results(one) for one in cut["contents"]] == [without_results(one) for one in body["contents"]]


@generated
@given(body=conversation())
def test_everything_beside_contents_is_equal(body: dict) -> None:
    before = copy.deepcopy(body)
    sent = forwarded(body)

    assert body == before
    if sent is not None:
        assert {key: sent[key] for key in sent if key != "contents"} == {
            key: before[key] for key in before if key != "contents"
        }


@generated
@given(body=conversation())
def test_a_call_keeps_its_results(body: dict) -> None:
    sent = forwarded(body) or {}
    contents = contents_of(sent)

    for at, content in enumerate(contents):
        names = [part["functionCall"]["name"] for part in parts_of(content) if "functionCall" in part]
        answers = [part["functionResponse"]["name"] for part in parts_of(content) if "functionResponse" in part]
        if names:
            following = [part["functionResponse"]["name"] for part in parts_of(contents[at + 1])]
            assert following == names
        if answers:
            assert has(contents[at - 1], "functionCall")


@generated
@given(body=conversation())
def test_roles_alternate_from_a_user_turn(body: dict) -> None:
    sent = forwarded(body)
    if sent is None:
        return
    contents = contents_of(sent)

    assert not is_model(contents[0])
    assert not any(is_model(one) and is_model(two) for one, two in pairwise(contents))


@generated
@given(body=conversation())
def test_the_last_user_turn_is_verbatim(body: dict) -> None:
    start, end = turn_span(body["contents"])
    sent = forwarded(body)

    if sent is not None:
        kept_start, kept_end = turn_span(sent["contents"])
        assert sent["contents"][kept_start:kept_end] == body["contents"][start:end]
        assert read_turn(sent).words == read_turn(body).words


@generated
@given(body=conversation())
def test_thought_signatures_are_untouched(body: dict) -> None:
    sent = forwarded(body)
    if sent is None:
        return
    signed = [part for content in body["contents"] for part in content["parts"] if "thoughtSignature" in part]

    kept = [part for content in sent["contents"] for part in content["parts"] if "thoughtSignature" in part]

    assert [part for part in kept if part not in signed] == []


@generated
@given(body=conversation())
def test_planning_twice_is_planning_once(body: dict) -> None:
    sent = forwarded(body)

    if sent is not None:
        again = plan_context(truncate_body(sent).body, nothing)
        assert again.job is None
        assert again.forward() == sent


@generated
@given(body=conversation())
def test_a_failing_summariser_never_fails_the_request(body: dict) -> None:
    sent = forwarded(body, summary=None)

    if sent is not None:
        assert estimate_request(sent) <= WINDOW
        assert sent["contents"]


@generated
@given(body=conversation())
def test_the_exchange_fits_its_share(body: dict) -> None:
    sent = forwarded(body)
    if sent is None or estimate_request(truncate_body(body).body) <= TRIGGER:
        return
    start, end = turn_span(sent["contents"])
    words = estimate_contents(sent["contents"][start:end])

    assert estimate_contents(sent["contents"][start:]) <= max(EXCHANGE, words + 2_000)


def acceptable(body: dict) -> dict:
    """The generated conversation without what the real API refuses: empty parts, made-up or missing signatures."""
    contents = []
    for content in body["contents"]:
        parts = [dict(part) for part in content["parts"] if part]
        first = next((part for part in parts if "functionCall" in part), None)
        for part in parts:
            if "thoughtSignature" in part or part is first:
                part["thoughtSignature"] = sign(part.get("thoughtSignature", "new"))
        contents.append({**content, "parts": parts})
    return {**body, "contents": contents}


@generated
@given(body=conversation())
def test_what_gemini_accepts_before_it_accepts_after(body: dict) -> None:
    strict = next(model for model in catalogue().values() if model.signatures)
    body = acceptable(body)
    check_generate(body, strict)

    sent = forwarded(body)

    if sent is not None:
        check_generate(sent, strict)
