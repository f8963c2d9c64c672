"""What is kept, what is summarised and what gives way when a conversation outgrows its window."""

from __future__ import annotations

from itertools import pairwise

import orjson
import pytest
from conversations import BULK, CARRIER, PHOTO, tool_picture
from planning import SUMMARY, forwarded, nothing

from manager_bot.gateway.policy.context import TextTooLong, plan_context
from manager_bot.gateway.policy.summary import MARK, summary_of_answer
from manager_bot.gateway.policy.tokens import estimate_contents, estimate_fixed, estimate_request
from manager_bot.gateway.policy.window import EXCHANGE, TARGET, TRIGGER, WINDOW
from manager_bot.gateway.policy.words import PICTURE_LEFT_OUT, read_turn


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


def turns(count: int, characters: int = 4_000) -> dict:
    contents = []
    for at in range(count):
        contents.append(said("user", f"Question {at}: " + (BULK["en"] * 99)[: characters // 2]))
        contents.append(said("model", f"Answer {at}: " + (BULK["en"] * 99)[: characters // 2]))
    return {"contents": [*contents, said("user", "And now?")]}


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


@pytest.mark.parametrize("count", [7, 30])
def test_a_loop_of_large_pictures_fits_and_keeps_the_newest(count: int) -> None:
    contents = [said("user", "What is on these?")]
    for at in range(count):
        contents += loop([f"Read image file [image/jpeg] number {at}"])["contents"][1:3]
        contents.append(tool_picture(PHOTO))
    body = {"contents": [*contents, CARRIER]}

    sent = forwarded(body)

    assert sent is not None
    assert estimate_request(sent) <= WINDOW
    assert estimate_contents(sent["contents"]) <= EXCHANGE
    assert sent["contents"][-2] == tool_picture(PHOTO)
    assert orjson.dumps(sent).decode().count(PICTURE_LEFT_OUT) > 0
    assert read_turn(sent) == read_turn(body)
    assert forwarded(sent) == sent


def test_pictures_inside_results_give_way_too() -> None:
    body = loop(["seen"] * 12)
    for content in body["contents"]:
        for part in content["parts"]:
            if "functionResponse" in part:
                part["functionResponse"]["parts"] = [PHOTO]

    sent = forwarded(body)

    assert sent is not None
    assert estimate_contents(sent["contents"]) <= EXCHANGE
    assert sent["contents"][-2] == body["contents"][-2]


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
