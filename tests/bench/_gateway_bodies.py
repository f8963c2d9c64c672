"""What an agent sends: a short question, a long conversation, and a short question to be answered in a stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

CONVERSATIONS = 20
_PROSE = "The river keeps its course between the hills while people upstream build another mill beside the water. "


def _system(size: int) -> dict[str, Any]:
    return {"parts": [{"text": ("You are a helpful assistant. " + _PROSE) * (size // 130)}]}


def _tools(count: int) -> list[dict[str, Any]]:
    parameters = {"type": "object", "properties": {"path": {"type": "string", "description": "A path"}}}
    names = [f"tool_{number}" for number in range(count)]
    return [
        {"functionDeclarations": [{"name": name, "description": _PROSE, "parameters": parameters} for name in names]}
    ]


@lru_cache(maxsize=CONVERSATIONS)
def _talk(number: int) -> list[dict[str, Any]]:
    """A conversation of about 90 KB with one tool result of 15,000 characters in it."""
    contents: list[dict[str, Any]] = []
    for turn in range(7):
        contents += [
            {"role": "user", "parts": [{"text": f"Chapter {number}.{turn}, please. {_PROSE * 12}"}]},
            {"role": "model", "parts": [{"text": f"Here it is: {number}.{turn}. {_PROSE * 94}"}]},
        ]
    call = {"name": "tool_1", "args": {"path": f"/srv/{number}.log"}}
    log = "".join(f"{line} ok request {number} served\n" for line in range(500))
    result = {"name": "tool_1", "response": {"output": log}}
    return [
        *contents,
        {"role": "user", "parts": [{"text": f"Read log {number}."}]},
        {"role": "model", "parts": [{"functionCall": call}]},
        {"role": "user", "parts": [{"functionResponse": result}]},
        {"role": "model", "parts": [{"text": "I have read it."}]},
    ]


def short(number: int) -> bytes:
    """About 2 KB."""
    question = {"role": "user", "parts": [{"text": f"What is the capital of country {number}?"}]}
    return json.dumps({"systemInstruction": _system(1400), "tools": _tools(2), "contents": [question]}).encode()


def long(number: int) -> bytes:
    """About 100 KB: one more question in one of twenty conversations."""
    question = {"role": "user", "parts": [{"text": f"And what follows from point {number}?"}]}
    contents = [*_talk(number % CONVERSATIONS), question]
    return json.dumps({"systemInstruction": _system(4000), "tools": _tools(8), "contents": contents}).encode()


BODIES: Mapping[str, Callable[[int], bytes]] = {"2 KB": short, "100 KB": long, "stream": short}
