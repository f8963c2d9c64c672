"""Twenty turns of a real OpenClaw, recorded once with everything unoptimised, for replay through the gateway.

Recorded straight from OpenClaw to the emulated Gemini, no gateway between, with a window of a million tokens, so that
neither of them shortened or summarised anything: what the same talk costs without us. Again, after OpenClaw changed:

    .venv/bin/python tests/integration/gateway/recorded_talk.py
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

TESTS: Final = Path(__file__).resolve().parents[2]
RECORDING: Final = TESTS / "data" / "openclaw" / "twenty_turns.json"
TURNS: Final = 20
_WHOLE: Final = "whole file"

if __name__ == "__main__":
    sys.path[:0] = [str(TESTS), str(TESTS / "integration"), str(TESTS.parent)]

from fixtures.tool_outputs import KINDS, ToolOutput, tool_output  # noqa: E402 - found only now when run by hand


def files() -> list[ToolOutput]:
    """What lies in the workspace: one file a turn, every kind in turn."""
    return [tool_output(KINDS[number % len(KINDS)], number) for number in range(TURNS)]


def question(file: ToolOutput) -> str:
    return f"Read {file.name} and tell me what is odd in it."


@dataclass(frozen=True, slots=True)
class Request:
    """One request as OpenClaw sent it, and the file its last tool result shows."""

    body: dict[str, Any]
    file: ToolOutput | None


def recorded() -> Iterator[Request]:
    """The requests in their order: each turn asks, and comes again with the file."""
    kept = orjson.loads(RECORDING.read_bytes())
    by_name = {file.name: file for file in files()}
    contents = [_filled(content, by_name) for content in kept["contents"]]
    for request in kept["requests"]:
        picked = [contents[at] for at in request]
        shown = [name for at in request[-2:] if (name := _file_of(kept["contents"][at])) is not None]
        yield Request({**kept["rest"], "contents": picked}, by_name[shown[0]] if shown else None)


def _file_of(content: dict[str, Any]) -> str | None:
    results = [part["functionResponse"]["response"] for part in content["parts"] if "functionResponse" in part]
    return next((result[_WHOLE] for result in results if _WHOLE in result), None)


def _filled(content: dict[str, Any], by_name: dict[str, ToolOutput]) -> dict[str, Any]:
    name = _file_of(content)
    if name is None:
        return content
    call = content["parts"][0]["functionResponse"]
    return {**content, "parts": [{"functionResponse": {**call, "response": {"output": by_name[name].text}}}]}


def _emptied(content: dict[str, Any]) -> dict[str, Any]:
    """A content with a whole file's text replaced by its name, which brings it back."""
    by_text = {file.text: file.name for file in files()}
    parts = []
    for part in content["parts"]:
        call = part.get("functionResponse")
        name = by_text.get(call["response"].get("output")) if call else None
        parts.append({"functionResponse": {**call, "response": {_WHOLE: name}}} if call and name else part)
    return {**content, "parts": parts}


def write(bodies: list[dict[str, Any]]) -> None:
    """Each distinct content once, and which of them each request holds."""
    places: dict[bytes, int] = {}
    requests = [
        [places.setdefault(orjson.dumps(_emptied(content)), len(places)) for content in body["contents"]]
        for body in bodies
    ]
    rest = {name: value for name, value in bodies[0].items() if name != "contents"}
    kept = {"rest": rest, "contents": [orjson.loads(content) for content in places], "requests": requests}
    RECORDING.write_bytes(orjson.dumps(kept, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


async def record() -> None:
    """Play the talk and keep it."""
    from gateway_agent import agent_at_work

    from manager_bot.demo.client import WorldClient
    from manager_bot.demo.gemini.client import GeminiControl
    from manager_bot.demo.world import start_world
    from manager_bot.openclaw.config import MODEL, AgentConfig
    from manager_bot.openclaw.image import ensure_image
    from manager_bot.runtime.images import DockerImages

    store = DockerImages()
    image = ensure_image(store, print)
    with store.network() as network, tempfile.TemporaryDirectory() as scratch:
        runner, port = await start_world(network.address, 0)
        root = f"http://{network.address}:{port}"
        async with WorldClient(root) as world:
            ann = await world.person("Ann", username="ann")
            bot = await world.bot("ann_helper_bot", owner=ann)
            key, control = bot.token.partition(":")[2], GeminiControl(world.session, root)
            await control.add_key(key)
            await control.set_models([MODEL])
            config = AgentConfig(ann.id, bot.id, key, "c" * 43, root, history_tokens=1_000_000)
            made = {file.name: file.text for file in files()}
            async with agent_at_work(
                image, network.name, Path(scratch), config, (world, ann, bot), files=made
            ) as agent:
                for file in files():
                    await agent.said(question(file))
            write([one["body"] for one in await control.requests(200)])
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(record())
