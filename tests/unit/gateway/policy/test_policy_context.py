"""The invariants of DESIGN 6, over generated conversations."""

from __future__ import annotations

import copy
from itertools import pairwise

import orjson
import pytest
from conversations import BULK, CARRIER, conversation
from hypothesis import HealthCheck, given, settings

from manager_bot.demo.gemini.catalogue import catalogue
from manager_bot.demo.gemini.rules import check_generate, sign
from manager_bot.gateway.policy.body import contents_of, has, is_model, parts_of
from manager_bot.gateway.policy.context import ContextPlan, TextTooLong, plan_context
from manager_bot.gateway.policy.summary import MARK, summary_of_answer
from manager_bot.gateway.policy.tokens import estimate_contents, estimate_fixed, estimate_request
from manager_bot.gateway.policy.truncation import truncate_body
from manager_bot.gateway.policy.window import EXCHANGE, TARGET, TRIGGER, WINDOW
from manager_bot.gateway.policy.words import read_turn, turn_span

SUMMARY = "The person keeps /srv/data/ledger.db and wants ORDER-7F3A91 refunded."
generated = settings(
    max_examples=35, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def nothing(_: str) -> str | None:
    return None


def planned(body: dict) -> ContextPlan | None:
    """The plan, or nothing where the person's words alone do not fit."""
    try:
        return plan_context(truncate_body(body).body, nothing)
    except TextTooLong:
        return None


def forwarded(body: dict, summary: str | None = SUMMARY) -> dict | None:
    plan = planned(body)
    return plan.forward(summary if plan.job else None) if plan else None


def said(role: str, text: str) -> dict:
    return {"role": role, "parts": [{"text": text}]}


def loop(results: list[str], question: str = "Look through all of them") -> dict:
    contents = [said("user", question)]
    for at, text in enumerate(results):
        contents.append(
            {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {"path": f"/srv/{at}"}}}]}
        )
        result = {"functionResponse": {"name": "read", "response": {"output": text}}}
        contents.append({"role": "user", "parts": [result]})
    return {"contents": [*contents, CARRIER], "systemInstruction": {"parts": [{"text": "Be brief."}]}}


def without_results(content: dict) -> list[dict]:
    """The parts of a content, of a tool's result only that it is one."""
    return [{"functionResponse": ...} if "functionResponse" in part else part for part in content["parts"]]


def turns(count: int, characters: int = 4_000) -> dict:
    contents = []
    for at in range(count):
        contents.append(said("user", f"Question {at}: " + (BULK["en"] * 99)[: characters // 2]))
        contents.append(said("model", f"Answer {at}: " + (BULK["en"] * 99)[: characters // 2]))
    return {"contents": [*contents, said("user", "And now?")]}


@generated
@given(body=conversation())
def test_the_forwarded_request_never_passes_the_window(body: dict) -> None:
    sent = forwarded(body)

    assert sent is None or estimate_request(sent) <= WINDOW


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


def test_thirty_results_of_five_thousand_characters_in_one_loop_fit() -> None:
    texts = [f"file {at} MARK-{at:03}-A " + (BULK["log"] * 80)[:4_950] for at in range(30)]

    sent = forwarded(loop(texts))

    assert sent is not None
    assert estimate_request(sent) <= WINDOW
    assert estimate_contents(sent["contents"]) <= EXCHANGE
    shown = orjson.dumps(sent).decode()
    assert [at for at in range(30) if f"MARK-{at:03}-A" not in shown] == []
    assert sent["contents"][-2]["parts"][0]["functionResponse"]["response"]["output"] == texts[-1]


def test_a_loop_of_hundreds_of_calls_fits_and_says_what_it_lost() -> None:
    sent = forwarded(loop([(BULK["json"] * 100)[:5_000]] * 400))

    assert sent is not None
    assert estimate_request(sent) <= WINDOW
    assert "earlier tool steps of this turn were left out" in orjson.dumps(sent).decode()


def test_a_shrunk_loop_keeps_its_beginning_for_several_calls() -> None:
    texts = [(BULK["log"] * 80)[:5_000]] * 20
    sent = [forwarded(loop(texts[:count])) for count in range(8, 20)]

    same = sum(
        earlier["contents"][:-1] == later["contents"][: len(earlier["contents"]) - 1]
        for earlier, later in pairwise(sent)
        if earlier and later
    )

    assert same >= len(sent) // 3


def test_old_turns_give_way_to_a_summary_and_recent_ones_stay() -> None:
    body = turns(40)
    plan = plan_context(body, nothing)
    assert plan.job is not None

    sent = plan.forward(SUMMARY)

    assert sent["contents"][0]["parts"][0]["text"].startswith(MARK)
    assert SUMMARY in sent["contents"][0]["parts"][0]["text"]
    assert sent["contents"][-1] == body["contents"][-1]
    assert sent["contents"][-2] == body["contents"][-2]
    assert estimate_request(sent) <= TARGET


def test_the_summariser_is_given_the_turns_that_go() -> None:
    plan = plan_context(turns(40), nothing)
    assert plan.job is not None
    asked = plan.job.request["contents"][0]["parts"][0]["text"]  # type: ignore[index]

    assert "Person: Question 0:" in asked
    assert "And now?" not in asked
    assert estimate_request(plan.job.request) < 40_000


def test_the_boundary_stays_until_the_talk_has_outgrown_it_and_the_summary_is_extended() -> None:
    remembered: dict[str, str] = {}
    asked = 0
    prefixes = []
    for count in range(30, 60):
        plan = plan_context(turns(count), remembered.get)
        if plan.job:
            asked += 1
            if asked > 1:
                assert "<summary-so-far>" in plan.job.request["contents"][0]["parts"][0]["text"]  # type: ignore[index]
            remembered[plan.job.key] = f"{SUMMARY} ({asked})"
        sent = plan.forward(remembered[plan.job.key] if plan.job else None)
        prefixes.append(orjson.dumps(sent["contents"][0]))
        assert estimate_request(sent) <= TRIGGER

    assert 1 < asked <= 6
    assert len(set(prefixes)) == asked


def test_one_persons_summary_is_not_found_by_another() -> None:
    first, second = (plan_context(turns(40), nothing, scope=scope) for scope in ("ann", "bob"))

    assert first.job is not None
    assert second.job is not None
    assert first.job.key != second.job.key


def test_a_large_system_prompt_still_leaves_room() -> None:
    body = {**turns(40), "systemInstruction": {"parts": [{"text": (BULK["en"] * 700)[:60_000]}]}}
    assert estimate_fixed(body) > 13_000

    sent = forwarded(body)

    assert sent is not None
    assert estimate_request(sent) <= WINDOW


def test_a_text_that_alone_does_not_fit_is_refused_in_words() -> None:
    with pytest.raises(TextTooLong, match=r"too long: about .* tokens"):
        plan_context({"contents": [said("user", BULK["zh"] * 3_000)]}, nothing)


@pytest.mark.parametrize("answer", [{}, {"candidates": []}, {"candidates": [{"finishReason": "SAFETY"}]}])
def test_a_summariser_that_says_nothing_brought_no_summary(answer: dict) -> None:
    assert summary_of_answer(answer) is None


def test_a_summarisers_answer_is_read() -> None:
    content = {"role": "model", "parts": [{"thought": True, "text": "hm"}, {"text": "It "}, {"text": "went on."}]}

    assert summary_of_answer({"candidates": [{"content": content}]}) == "It went on."


def test_a_summary_longer_than_its_share_is_cut() -> None:
    sent = plan_context(turns(40), nothing).forward("Номер 12345. " * 20_000)

    assert estimate_request(sent) <= WINDOW


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
