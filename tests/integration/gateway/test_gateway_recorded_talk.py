"""Twenty recorded turns of the real OpenClaw with files of 50,000 characters: what the gateway makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from fixtures.tool_outputs import ToolOutput
from gateway_house import PLATFORM_KEY, House
from recorded_talk import TURNS, Request, files, question, recorded

from manager_bot.demo.gemini import GeminiState
from manager_bot.gateway.policy.window import WINDOW
from manager_bot.openclaw.config import MODEL
from manager_bot.services.usage import Period
from models import Source

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
MOST_OF_UNOPTIMISED = 0.4
LEAST_TOLD = 0.3
"""Of what was spared: people are told an estimate from below."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What the agent sent and what Gemini was sent, with prompt tokens as Gemini counts them."""

    requests: list[Request]
    unoptimised: int
    forwarded: list[tuple[Request, dict[str, Any]]]
    summaries: list[str]
    prompts: list[int]
    today: Period
    compactions: int


@pytest.fixture
async def replay(house: House) -> Replay:
    ann = await house.subscriber("Ann", plan="starter")
    requests, forwarded, unoptimised, gemini = list(recorded()), [], 0, GeminiState()
    for request in requests:
        unoptimised += gemini.count_prompt(request.body, PLATFORM_KEY, MODEL)[0]
        assert (await ann.generate(request.body, "streamGenerateContent")).status == 200
        forwarded.append((request, (await house.control.requests(1))[0]["body"]))
    served, report = await house.control.served(), await ann.usage()
    summaries = [
        one["body"]["contents"][0]["parts"][0]["text"]
        for one in await house.control.requests(200)
        if one["body"]["contents"][0]["parts"][0].get("text", "").startswith(("<turns>", "<summary-so-far>"))
    ]
    prompts = [row["usage"]["prompt"] for row in served]
    compactions = report.sources_today[Source.COMPACTION].requests
    return Replay(requests, unoptimised, forwarded, summaries, prompts, report.today, compactions)


def _missing(file: ToolOutput, text: str) -> list[str]:
    """What was planted in a file and is not in a text; quotes as JSON writes them."""
    return [planted for planted in file.planted if planted not in text]


async def test_twenty_turns_cost_two_fifths_at_most_and_lose_nothing_planted(replay: Replay) -> None:
    shown = [(request, body) for request, body in replay.forwarded if request.file is not None]
    assert len(shown) == TURNS
    lost = [missing for request, body in shown if request.file for missing in _missing(request.file, _results(body))]
    assert lost == []

    assert max(replay.prompts) <= WINDOW
    assert sum(replay.prompts) == replay.today.prompt
    assert sum(replay.prompts) <= MOST_OF_UNOPTIMISED * replay.unoptimised

    spared = replay.unoptimised - sum(replay.prompts)
    assert LEAST_TOLD * spared <= replay.today.saved <= spared

    told = "\n".join(replay.summaries)
    assert len(replay.summaries) == replay.compactions > 0
    covered = [file for file in files() if question(file) in told]
    assert covered
    assert [missing for file in covered for missing in _missing(file, told)] == []
    assert replay.today.messages == TURNS


def _results(body: dict[str, Any]) -> str:
    """The tool results of a request as the model reads them."""
    calls = [
        part["functionResponse"] for content in body["contents"] for part in content["parts"]
        if "functionResponse" in part
    ]  # fmt: skip
    return "\n".join(str(value) for call in calls for value in call["response"].values()) + orjson.dumps(calls).decode()
