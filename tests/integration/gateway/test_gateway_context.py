"""Long conversations through the Gemini door: what is summarised, what it costs, and what never fails for it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from gateway_house import House, Subscriber, said

from manager_bot.demo.gemini.tokens import count_text
from manager_bot.gateway.policy.summary import MARK
from manager_bot.services.outbox import NoticeKind
from models import Budget, Notification, Reservation, Source

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
SUMMARISER = {"words": "Summarise the conversation|Merge the summary"}
FILLER = "The garden needs water in the morning and some shade at noon, said the neighbour with the hat. "


def talk(turns: int, question: str = "What was my first question?") -> dict[str, Any]:
    """So many turns of about 900 tokens each, and a question."""
    contents: list[dict[str, Any]] = []
    for number in range(turns):
        contents += [
            {"role": "user", "parts": [{"text": f"Question {number} about bed {number}. {FILLER * 25}"}]},
            {"role": "model", "parts": [{"text": f"Answer {number}. {FILLER * 25}"}]},
        ]
    return {"contents": [*contents, {"role": "user", "parts": [{"text": question}]}]}


async def forwarded(house: House, question: str) -> dict[str, Any]:
    """The last request Gemini got whose last words are *question*."""
    found = [
        one["body"]
        for one in await house.control.requests()
        if one["body"]["contents"][-1]["parts"][-1].get("text") == question
    ]
    return dict(found[-1])


async def summaries(house: House) -> int:
    return sum("<turns>" in str(one["body"]["contents"][0]) for one in await house.control.requests())


async def test_a_long_talk_goes_on_from_a_summary_made_once(house: House, ann: Subscriber) -> None:
    await house.control.script({"text": "Ann tends 30 beds."}, SUMMARISER)
    assert (await ann.generate(talk(30))).status == 200
    sent = await forwarded(house, "What was my first question?")

    assert sent["contents"][0]["parts"][0]["text"] == f"{MARK}\n\nAnn tends 30 beds."
    answered = (await house.control.served())[-1]["usage"]
    assert answered["prompt"] <= 16_000
    assert (await ann.generate(talk(31, "And now?"))).status == 200
    assert (await forwarded(house, "And now?"))["contents"][:-3] == sent["contents"][:-1]
    assert await summaries(house) == 1

    report = await ann.usage()
    served = await house.control.served()
    assert report.sources_today[Source.COMPACTION].requests == 1
    assert report.today.messages == 2
    assert report.today.tokens == sum(row["usage"]["total"] for row in served) == (await _budget(ann)).used
    assert report.today.saved > 10_000


async def test_when_it_grows_again_the_summary_is_extended(house: House, ann: Subscriber) -> None:
    await house.control.script({"text": "Ann tends 30 beds."}, SUMMARISER)
    await ann.generate(talk(30))
    await ann.generate(talk(48))
    requests = [one["body"] for one in await house.control.requests()]
    merged = [
        one for one in requests if "<summary-so-far>\nAnn tends 30 beds." in str(one["contents"][0]["parts"][0]["text"])
    ]
    assert len(merged) == 1
    assert "Question 1 about" not in merged[0]["contents"][0]["parts"][0]["text"]


async def test_nothing_crosses_subscribers(house: House, ann: Subscriber, bob: Subscriber) -> None:
    await house.control.script({"text": "Ann's secret."}, SUMMARISER, left=1)
    await ann.generate(talk(30))
    await house.control.script({"text": "Bob's own."}, SUMMARISER)
    await bob.generate(talk(30))
    assert await summaries(house) == 2
    assert "Ann's secret" not in str(await forwarded(house, "What was my first question?"))


async def test_requests_that_need_the_same_summary_share_it(house: House, ann: Subscriber) -> None:
    await house.control.script({"text": "Shared.", "delay": 0.5}, SUMMARISER)
    replies = await asyncio.gather(*(ann.generate(talk(30, f"Question {number}?")) for number in range(4)))
    assert [reply.status for reply in replies] == [200] * 4
    assert await summaries(house) == 1


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "drop"}, {"kind": "html"}])
async def test_a_failing_summariser_fails_nobody(house: House, ann: Subscriber, fault: dict[str, Any]) -> None:
    await house.control.fault(**fault, match=SUMMARISER, left=None)
    assert (await ann.generate(talk(30))).status == 200
    sent = await forwarded(house, "What was my first question?")
    assert "Person: Question 0 about bed 0" in sent["contents"][0]["parts"][0]["text"]
    assert _tokens(sent) <= 24_000
    assert await Reservation.all().count() == 0
    assert (await _budget(ann)).held == 0


@pytest.mark.parametrize(
    "answer",
    [{"block": "SAFETY"}, {"text": "", "finish": "SAFETY"}, {"text": ""}, {"text": "Номер 12345. " * 9_000}],
)
async def test_a_summariser_that_says_nothing_or_too_much_fails_nobody(
    house: House, ann: Subscriber, answer: dict[str, Any]
) -> None:
    await house.control.script(answer, SUMMARISER)
    assert (await ann.generate(talk(30))).status == 200
    assert (await house.control.served())[-1]["usage"]["prompt"] <= 24_000
    report = await ann.usage()
    served = await house.control.served()
    assert report.today.tokens == sum(row["usage"]["total"] for row in served)
    assert await Reservation.all().count() == 0


async def test_where_no_budget_is_left_for_a_summary_the_question_is_still_answered(
    house: House, ann: Subscriber
) -> None:
    await ann.generate(said("hello"))
    await Budget.filter(user_id=ann.user_id).update(used=1_000_000 - 27_000)
    assert (await ann.generate(talk(60))).status == 200
    assert "Person: Question 0 about bed 0" in str(
        (await forwarded(house, "What was my first question?"))["contents"][0]
    )


async def test_a_slow_summariser_is_not_waited_for_and_serves_the_next(house: House, ann: Subscriber) -> None:
    await house.control.script({"text": "Late but good.", "delay": 7}, SUMMARISER)
    began = time.monotonic()
    assert (await ann.generate(talk(30))).status == 200
    assert time.monotonic() - began < 7
    await asyncio.sleep(2)
    await ann.generate(talk(30, "Still there?"))
    assert "Late but good." in str((await forwarded(house, "Still there?"))["contents"][0])
    assert await summaries(house) == 1


async def test_a_tool_loop_never_passes_the_window(house: House, ann: Subscriber) -> None:
    contents = talk(10, "Refactor this code")["contents"]
    for number in range(30):
        call = {"name": "read", "args": {"n": number}}
        output = f"ERROR at /srv/app/file_{number}.py\n" + "".join(f"{i} value {i * number}\n" for i in range(600))
        contents += [
            {
                "role": "model",
                "parts": [{"functionCall": call, "thoughtSignature": "skip_thought_signature_validator"}],
            },
            {"role": "user", "parts": [{"functionResponse": {"name": "read", "response": {"output": output[:5000]}}}]},
        ]
    assert (await ann.generate({"contents": contents})).status == 200
    assert (await house.control.served())[-1]["usage"]["prompt"] <= 32_000
    assert (await ann.usage()).today.saved > 0


async def test_a_text_that_alone_does_not_fit_is_refused_in_words_and_said_in_chat(
    house: House, ann: Subscriber
) -> None:
    body = said(FILLER * 2000)
    replies = [await ann.generate(body), await ann.generate(body)]
    assert [(one.status, one.body["error"]["status"]) for one in replies] == [(400, "INVALID_ARGUMENT")] * 2
    assert "too long" in replies[0].body["error"]["message"]
    notices = await Notification.filter(kind=NoticeKind.AGENT_SILENT.value)
    assert [(one.values["reason"], one.token_of, one.chat_id) for one in notices] == [
        ("too_long", ann.agent_id, ann.person.id)
    ]
    assert await house.control.served() == []


async def _budget(ann: Subscriber) -> Budget:
    return await Budget.get(user_id=ann.user_id)


def _tokens(body: dict[str, Any]) -> int:
    return sum(count_text(part.get("text", "")) for content in body["contents"] for part in content["parts"])
