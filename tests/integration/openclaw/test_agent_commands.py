"""Whatever a person presses or types is answered by the real image, and so is what they ask next."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from docker.models.containers import Container
from real_image import contained

from manager_bot.demo.client import BotView, MessageView, Person, WorldClient
from manager_bot.demo.gemini.client import GeminiControl
from manager_bot.demo.world import start_world
from manager_bot.openclaw.config import MENU, MODEL, AgentConfig, render
from manager_bot.openclaw.files import AgentFiles
from manager_bot.openclaw.store import TrialNetwork
from manager_bot.openclaw.timers import next_timer

pytestmark = pytest.mark.timeout(900)  # the first run on a machine builds the image
_THE_MODELS_WORDS = "You wrote"
"""How the emulated Gemini answers what it knows nothing about."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A person at the chat with their agent."""

    world: WorldClient
    ann: Person
    bot: BotView
    container: Container
    gemini: GeminiControl
    home: Path

    async def said(self, words: str) -> MessageView:
        """The first answer to *words*."""
        sent = await self.ann.send(self.bot, words)
        return await self.ann.wait_for(self.bot, after=sent, within=30)

    async def answers_a_question(self) -> bool:
        return "UTC" in (await self.said("What time is it?")).text

    async def menu(self) -> dict[str, str]:
        """As Telegram shows it in a private chat."""
        lists = await self.world.ask("GET", f"/bots/{self.bot.id}/commands")
        shown = next(one for one in lists if '"default"' in one["scope"])
        return {command["command"]: command["description"] for command in shown["commands"]}

    async def log(self) -> str:
        return (await asyncio.to_thread(self.container.logs)).decode()


@pytest.fixture
async def chat(bridge: TrialNetwork, image: str, tmp_path: Path) -> AsyncIterator[Chat]:
    """The image, started and polling in the emulated world."""
    runner, port = await start_world(bridge.address, 0)
    root, files = f"http://{bridge.address}:{port}", AgentFiles.below(tmp_path)
    async with WorldClient(root) as world:
        ann = await world.person("Ann")
        bot = await world.bot("anns_bot", owner=ann)
        key = bot.token.partition(":")[2]
        gemini = GeminiControl(world.session, root)
        await gemini.add_key(key)
        await gemini.set_models([MODEL])
        config = AgentConfig(ann.id, bot.id, gateway_key=key, control_token="c" * 43, gateway_url=root, timers=True)
        home, directory = files.prepare("agent-1"), files.write_config("agent-1", render(config))
        with contained(image, home, directory, bridge.name) as container:
            await asyncio.to_thread(container.start)
            async with asyncio.timeout(90):
                while not (await world.show_bot(bot)).polling:  # noqa: ASYNC110 - the world is another program
                    await asyncio.sleep(0.2)
            yield Chat(world, ann, bot, container, gemini, home)
    await runner.cleanup()


async def test_every_command_is_answered_and_the_next_question_too(chat: Chat) -> None:
    assert _THE_MODELS_WORDS in (await chat.said("/start")).text
    assert await chat.answers_a_question()
    assert await chat.menu() == MENU

    for words, answer in (
        ("/new", "New session"),
        ("/reset", "Session reset"),
        ("/stop", "aborted"),
        ("/compact", "ompact"),
        ("/model openai/gpt-5.4", "not allowed"),
    ):
        assert answer in (await chat.said(words)).text
        assert await chat.answers_a_question()

    for operators in ("/commands", "/login codex", "/restart", "/config show", "/bash ls", "/export_trajectory"):
        assert _THE_MODELS_WORDS in (await chat.said(operators)).text
    assert await chat.answers_a_question()
    assert "Unable to resolve" not in await chat.log()


async def test_a_task_with_tools_leaves_one_message(chat: Chat) -> None:
    asked = await chat.ann.send(chat.bot, "Write 'milk and eggs' to notes.md")
    await chat.ann.wait_for(chat.bot, "written", after=asked, within=30)
    assert "milk and eggs" in (await chat.said("Read notes.md")).text

    answers = [one for one in await chat.ann.messages(chat.bot) if one.outgoing]
    assert len(answers) == 2
    assert not any(one.edited or one.deleted for one in answers)


async def test_a_reminder_comes_at_its_time_though_the_agent_slept(chat: Chat) -> None:
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=30)
    job = {"name": "tea", "schedule": {"kind": "at", "at": due.isoformat()}, "message": "Say that the tea is ready."}
    call = {"name": "cron", "args": {"action": "add", "job": job}}
    await chat.gemini.script({"calls": [call]}, {"words": "remind me"})
    await chat.gemini.script({"text": "Your tea is ready."}, {"words": "the tea is ready"})

    sent = await chat.ann.send(chat.bot, "Remind me of my tea")
    answer = await chat.ann.wait_for(chat.bot, after=sent, within=20)
    assert next_timer(chat.home, datetime.now(UTC)) == due

    await asyncio.to_thread(chat.container.pause)
    await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
    await asyncio.to_thread(chat.container.unpause)
    await chat.ann.wait_for(chat.bot, "Your tea is ready.", after=answer, within=15)
    async with asyncio.timeout(10):  # the job is done a moment after its message
        while next_timer(chat.home, datetime.now(UTC)) is not None:  # noqa: ASYNC110 - the agent is another program
            await asyncio.sleep(0.2)
    assert await chat.answers_a_question()


async def test_the_tool_for_reminders_costs_a_request_little(chat: Chat) -> None:
    assert await chat.answers_a_question()

    request = (await chat.gemini.requests(1))[0]["body"]
    declared = {one["name"]: one for tool in request["tools"] for one in tool["functionDeclarations"]}
    assert len(json.dumps(declared["cron"])) < 1_300  # about 300 tokens


async def test_files_are_answered(chat: Chat) -> None:
    for kind, name, mime, data in (
        ("document", "list.txt", "text/plain", b"apples"),
        ("document", "a.bin", "application/octet-stream", bytes(range(256))),
        ("document", "a.pdf", "application/pdf", b"%PDF-1.4\n%%EOF"),
    ):
        sent = await chat.ann.send_file(chat.bot, name, data, kind=kind, mime=mime, text="What is this?")
        await chat.ann.wait_for(chat.bot, after=sent, within=30)
    assert await chat.answers_a_question()
