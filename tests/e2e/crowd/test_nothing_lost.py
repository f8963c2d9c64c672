"""Messages at random moments around falling asleep and waking, to a real OpenClaw.

Each is taken once, in order, and answered at most once.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import secrets
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fixtures.containers import ids_of, is_frozen
from fixtures.crowd import SETTINGS, Crowd, Subscriber
from fixtures.second_engine import SecondEngine
from fixtures.swap import CompressedSwap

from manager_bot.demo.gemini.client import GeminiControl
from manager_bot.demo.local import LocalClawBot, Place
from manager_bot.openclaw.image import image_tag

TIRED_MINUTES = 0.2
"""Idle for so long an agent falls asleep here: a plan's ten minutes, sixty times as fast."""
LONGEST_PAUSE = 30.0
"""Seconds between two bursts: an agent is up, quiet, held, frozen or on its way back when the next one comes."""
DRAINED_SECONDS = 120
BUTTON = "Or press this:"
GREETINGS = ("Hello!",)
"""What a newcomer of the crowd says before the first note."""
_NOTE = re.compile(r"note (\d+)\b")


@asynccontextmanager
async def tired_crowd(folder: Path, engine: SecondEngine) -> AsyncIterator[Crowd]:
    """One subscriber, whose agent falls asleep whenever nobody spoke to it for twelve seconds."""
    place = Place(folder, 18_680, 18_681, 18_682, "20040-20049", "172.30.108.0/24", "clawbot-notes")
    local = LocalClawBot(place, lambda _: None)
    local.settings.update({**SETTINGS, "CLAWBOT_SLEEP_AFTER": f"free={TIRED_MINUTES}", "DOCKER_HOST": engine.url})
    try:
        await local.start()
        async with Crowd.gathering(local) as crowd:
            await crowd.join(1, 1)
            await GeminiControl(local.world.session, local.root).clear()  # from now on it repeats what it was told
            yield crowd
    finally:
        await local.stop()


@dataclass
class Talk:
    """A person who writes notes at random moments, and what else happens meanwhile."""

    crowd: Crowd
    member: Subscriber
    engine: SecondEngine
    dice: random.Random
    written: int = 0
    edited: int = 0
    cut_short: set[int] = field(default_factory=set)
    """Notes not answered yet when Docker was stopped: it kills an agent in the middle of its turn."""
    naps: int = 0
    _asleep: bool = field(default=False)

    async def write(self, count: int, deaths: int) -> None:
        """*count* notes; in between the manager dies by SIGKILL *deaths* times, and so often Docker is restarted."""
        moments = sorted(self.dice.sample(range(count), 2 * deaths))
        blows = [self._kill_manager, self._restart_engine] * deaths
        while self.written < count:
            await self._pause(self.dice.choice((0.0, 0.5, 2.0, self.dice.uniform(10, LONGEST_PAUSE))))
            for _ in range(min(self.dice.choice((1, 1, 1, 2)), count - self.written)):
                self.written += 1
                await self._note(f"note {self.written}")
            if moments and self.written > moments[0]:
                moments.pop(0)
                await blows.pop(0)()

    async def _note(self, words: str) -> None:
        """As a message, one in ten edited at once; or by a button that the bot shows."""
        person, bot = self.member.person, self.member.bot
        if self.dice.random() < 0.2:
            await self._show_button(words)
            await person.press(bot, data=words, wait=0)
            return
        sent = await person.send(bot, words)
        if self.dice.random() < 0.1:
            self.edited += 1
            await person.edit(bot, sent, f"I meant the {words.replace('note', 'number')}")

    async def _show_button(self, data: str) -> None:
        """Sent with the bot's own token, as an agent's tool would."""
        world = self.crowd.local.world
        keyboard = {"inline_keyboard": [[{"text": "Press me", "callback_data": data}]]}
        message = {"chat_id": self.member.person.id, "text": BUTTON, "reply_markup": keyboard}
        token = await world.token(self.member.bot)
        async with world.session.post(f"{world.telegram_root}/bot{token}/sendMessage", json=message) as answer:
            assert answer.status == 200, await answer.text()

    async def _kill_manager(self) -> None:
        await self.crowd.local.manager_process.kill()
        await asyncio.sleep(self.dice.uniform(0, 3))
        await self.crowd.local.start_manager()

    async def _restart_engine(self) -> None:
        self.cut_short |= set(range(1, self.written + 1)) - set(await self.answered())
        await self.engine.restart(signal.SIGTERM, away=self.dice.uniform(0, 5))

    async def _pause(self, seconds: float) -> None:
        """Wait, and count how often it was seen frozen anew."""
        ends = asyncio.get_running_loop().time() + seconds
        while (left := ends - asyncio.get_running_loop().time()) > 0:
            frozen = await asyncio.to_thread(self._is_frozen)
            self.naps += frozen and not self._asleep
            self._asleep = frozen
            await asyncio.sleep(min(left, 0.5))

    def _is_frozen(self) -> bool:
        container_id = ids_of(self.member.container, self.engine.url).get(self.member.container)
        return container_id is not None and is_frozen(container_id)

    def taken(self) -> list[int]:
        """The updates in the ingress of the agent's OpenClaw, in the order in which it took them."""
        (state,) = (self.crowd.local.data_dir / "agents").glob("*/.openclaw/state")
        with tempfile.TemporaryDirectory() as copy:
            for file in state.glob("openclaw.sqlite*"):  # a look at the file itself could leave files of ours beside it
                shutil.copy(file, copy)
            with closing(sqlite3.connect(Path(copy, "openclaw.sqlite"))) as database:
                rows = database.execute("SELECT event_id FROM channel_ingress_events ORDER BY received_at, event_id")
                return [int(event_id) for (event_id,) in rows]

    def recorded(self) -> list[int]:
        """The notes in the agent's own record of the conversation, in its order."""
        found: list[int] = []
        agents = self.crowd.local.data_dir / "agents"
        for record in sorted(agents.glob("*/.openclaw/agents/main/sessions/*.jsonl")):
            for line in record.read_text().splitlines():
                said = json.loads(line).get("message", {})
                if said.get("role") == "user":
                    found += [int(number) for number in _NOTE.findall(json.dumps(said["content"]))]
        return found

    async def drained(self) -> None:
        """Wait until the agent has taken everything, said its last word, and Telegram keeps nothing for it."""
        whole = set(range(1, self.written + 1)) - self.cut_short
        for _ in range(DRAINED_SECONDS):
            said = max(whole) in await self.answered()
            if said and whole <= set(self.recorded()) and not await self._waiting():
                return
            await asyncio.sleep(1)
        missing = whole - set(self.recorded())
        raise AssertionError(f"never taken: {sorted(missing)}; {await self._waiting()} wait at Telegram")

    async def answers(self) -> list[str]:
        """Whatever it said since its answer to the first hello."""
        every = await self.member.person.messages(self.member.bot)
        return [message.text for message in every if message.outgoing and message.text != BUTTON][1:]

    async def answered(self) -> list[int]:
        """The notes that the agent's answers repeat, in their order."""
        return [int(number) for answer in await self.answers() for number in _NOTE.findall(answer)]

    async def _waiting(self) -> int:
        return (await self.crowd.local.world.show_bot(self.member.bot)).pending_updates


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[SecondEngine]:
    """One of the test's own, to be restarted, with the agent image in it."""
    made = SecondEngine(live_restore=request.param)
    try:
        made.start()
        made.lend(image_tag())
        yield made
    finally:
        made.close()


async def _nothing_is_lost(folder: Path, engine: SecondEngine, count: int, deaths: int, least_naps: int) -> None:
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    async with tired_crowd(folder, engine) as crowd:
        talk = Talk(crowd, crowd.members[0], engine, random.Random(seed))  # noqa: S311 - repeatable, not secret
        await talk.write(count, deaths)
        await talk.drained()
        taken = talk.taken()
        assert taken == list(range(taken[0], taken[0] + len(taken))), "each once, and in order"
        assert len(taken) == len(GREETINGS) + count + talk.edited
        recorded = talk.recorded()
        assert recorded == sorted(set(recorded)), "each at most once, and in order"
        answered = await talk.answered()
        assert answered == sorted(set(answered)), "each at most once, and in order"
        assert len(await talk.answers()) <= count
        assert talk.naps >= least_naps, "it hardly slept: nothing was tried"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", [False], ids=["no-live-restore"], indirect=True)
async def test_notes_written_around_sleep_and_deaths_are_taken_once_and_in_order(
    tmp_path: Path, swap: CompressedSwap, engine: SecondEngine
) -> None:
    await _nothing_is_lost(tmp_path, engine, count=16, deaths=1, least_naps=1)


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize("engine", [False, True], ids=["no-live-restore", "live-restore"], indirect=True)
async def test_five_hundred_notes_are_taken_once_and_in_order(
    tmp_path: Path, swap: CompressedSwap, engine: SecondEngine
) -> None:
    await _nothing_is_lost(tmp_path, engine, count=500, deaths=10, least_naps=20)
