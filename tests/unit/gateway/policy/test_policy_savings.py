"""Twenty turns with tool results of 50,000 characters cost a fraction, and nothing planted is lost."""

from __future__ import annotations

import orjson
import tool_outputs

from manager_bot.gateway.policy.context import plan_context
from manager_bot.gateway.policy.tokens import estimate_request
from manager_bot.gateway.policy.truncation import total_response_size, truncate_body
from manager_bot.gateway.policy.window import WINDOW

KINDS = sorted(tool_outputs.ALL)
SYSTEM = {"parts": [{"text": "You are an agent. " * 600}]}


def said(role: str, text: str) -> dict:
    return {"role": role, "parts": [{"text": text}]}


def turn(at: int) -> list[dict]:
    kind = KINDS[at % len(KINDS)]
    result = {"name": "read", "response": {"output": tool_outputs.ALL[kind]()}}
    return [
        said("user", f"Please read the {kind} file number {at}."),
        {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {"path": f"/data/{kind}"}}}]},
        {"role": "user", "parts": [{"functionResponse": result}]},
    ]


def test_twenty_turns_of_long_tool_results_cost_at_most_two_fifths() -> None:
    history: list[dict] = []
    remembered: dict[str, str] = {}
    before = after = 0
    for at in range(20):
        kind = KINDS[at % len(KINDS)]
        history += turn(at)
        body = {"contents": history, "systemInstruction": SYSTEM}
        plan = plan_context(truncate_body(body).body, remembered.get)
        if plan.job:
            remembered[plan.job.key] = f"Read files up to number {at}."
            after += estimate_request(plan.job.request)
        sent = plan.forward(remembered[plan.job.key] if plan.job else None)

        shown = orjson.dumps(sent["contents"][-1]).decode()
        assert [planted for planted in tool_outputs.PLANTED[kind] if planted not in shown] == []
        assert estimate_request(sent) <= WINDOW
        before += estimate_request(body)
        after += estimate_request(sent)
        history.append(said("model", f"I read the {kind} file number {at}."))

    assert after <= 0.4 * before


def test_the_size_of_all_results_tells_what_was_saved() -> None:
    body = {"contents": [content for at in range(5) for content in turn(at)]}

    cut = truncate_body(body)

    assert cut.characters_saved == total_response_size(body) - total_response_size(cut.body)
    assert total_response_size(cut.body) <= 5 * 5_000
