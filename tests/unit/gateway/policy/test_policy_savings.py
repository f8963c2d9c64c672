"""Twenty turns with tool results of 50,000 characters cost a fraction, and nothing planted is lost."""

from __future__ import annotations

import orjson
from fixtures.tool_outputs import KINDS, tool_output

from manager_bot.gateway.policy.body import contents_of
from manager_bot.gateway.policy.context import plan_context
from manager_bot.gateway.policy.tokens import estimate_request
from manager_bot.gateway.policy.truncation import response_size, truncate_body
from manager_bot.gateway.policy.window import WINDOW

SYSTEM = {"parts": [{"text": "You are an agent. " * 600}]}


def said(role: str, text: str) -> dict:
    return {"role": role, "parts": [{"text": text}]}


def turn(at: int) -> list[dict]:
    file = tool_output(KINDS[at % len(KINDS)], at)
    result = {"name": "read", "response": {"output": file.text}}
    return [
        said("user", f"Please read {file.name}."),
        {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {"path": file.name}}}]},
        {"role": "user", "parts": [{"functionResponse": result}]},
    ]


def test_twenty_turns_of_long_tool_results_cost_at_most_two_fifths() -> None:
    history: list[dict] = []
    remembered: dict[str, str] = {}
    before = after = 0
    for at in range(20):
        file = tool_output(KINDS[at % len(KINDS)], at)
        history += turn(at)
        body = {"contents": history, "systemInstruction": SYSTEM}
        plan = plan_context(truncate_body(body).body, remembered.get)
        if plan.job:
            remembered[plan.job.key] = f"Read files up to number {at}."
            after += estimate_request(plan.job.request)
        sent = plan.forward(remembered[plan.job.key] if plan.job else None)

        shown = orjson.dumps(sent["contents"][-1]).decode()
        assert [planted for planted in file.planted if planted not in shown] == []
        assert estimate_request(sent) <= WINDOW
        before += estimate_request(body)
        after += estimate_request(sent)
        history.append(said("model", f"I read {file.name}."))

    assert after <= 0.4 * before


def test_the_size_of_all_results_tells_what_was_saved() -> None:
    body = {"contents": [content for at in range(5) for content in turn(at)]}

    cut = truncate_body(body)

    before, after = (sum(map(response_size, contents_of(one))) for one in (body, cut.body))
    assert cut.characters_saved == before - after
    assert after <= 5 * 5_000
