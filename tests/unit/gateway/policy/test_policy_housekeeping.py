"""OpenClaw's own requests for a summary are shortened where a person's words would be refused."""

from __future__ import annotations

import pytest
from conversations import BULK
from fixtures.tool_outputs import ALL

from manager_bot.gateway.policy.context import plan_context
from manager_bot.gateway.policy.housekeeping import fit_transcript
from manager_bot.gateway.policy.tokens import estimate_request
from manager_bot.gateway.policy.window import TRIGGER
from manager_bot.gateway.policy.words import RequestKind, read_turn

ORDER = "The messages above are a conversation to summarize. Preserve exact file paths and error messages."
SYSTEM = {"parts": [{"text": "You are a context summarization assistant. Your task is to read a conversation."}]}


def asked(transcript: str) -> dict:
    text = f"<conversation>\n{transcript}\n</conversation>\n\n{ORDER}"
    return {
        "systemInstruction": SYSTEM,
        "contents": [{"role": "user", "parts": [{"text": text}]}],
        "generationConfig": {"maxOutputTokens": 4000},
    }


@pytest.mark.parametrize("kind", sorted(BULK))
def test_a_transcript_of_any_script_fits_and_keeps_its_ends(kind: str) -> None:
    body = asked("[User]: my name is Ann\n" + BULK[kind] * (800_000 // len(BULK[kind])))
    assert read_turn(body).kind is RequestKind.COMPACTION

    cut = fit_transcript(body)

    text = cut["contents"][0]["parts"][0]["text"]
    assert estimate_request(cut) <= TRIGGER
    assert text.startswith("<conversation>\n[User]: my name is Ann")
    assert text.rstrip().find(ORDER) > 0
    assert {key: cut[key] for key in cut if key != "contents"} == {key: body[key] for key in body if key != "contents"}
    assert plan_context(cut, lambda _: None).forward() is cut


def test_what_was_planted_in_a_long_transcript_survives() -> None:
    cut = fit_transcript(asked("\n".join(file.text for file in ALL.values())))["contents"][0]["parts"][0]["text"]

    assert [planted for file in ALL.values() for planted in file.planted[:1] if planted not in cut] == []


def test_what_fits_is_the_same_object() -> None:
    body = asked("[User]: hello")

    assert fit_transcript(body) is body
    assert fit_transcript({}) == {}
