"""Updates are fetched so that none is lost, nobody waits for somebody else, and trouble is told in one line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiogram.types import Update
from pydantic import SecretStr
from structlog.testing import capture_logs

from manager_bot.demo.client import BotView, Person, WorldClient
from manager_bot.telegram import polling
from manager_bot.telegram.api import make_bot, open_session
from manager_bot.telegram.polling import Polling
from manager_bot.telegram.waiting import end

Handle = Callable[[Update], Awaitable[object]]


@dataclass
class Ears:
    """Remembers what was handled; waits where a text says so."""

    heard: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, update: Update) -> None:
        text = (update.message and update.message.text) or ""
        if text.startswith("slow"):
            await self.gate.wait()
        if text.startswith("bad"):
            raise RuntimeError("a defect")
        self.heard.append(text)

    async def wait(self, *texts: str) -> None:
        for _ in range(200):
            if set(texts) <= set(self.heard):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"heard only {self.heard}")


@dataclass
class Line:
    polling: Polling
    task: asyncio.Task[None]

    async def hang_up(self, seconds: float = 5) -> None:
        await end([self.task])
        await self.polling.drain(seconds)


@asynccontextmanager
async def listening(world: WorldClient, view: BotView, handle: Handle) -> AsyncIterator[Line]:
    session = open_session(world.telegram_root)
    line = Polling(make_bot(SecretStr(view.token), session), handle, ["message"])
    task = asyncio.create_task(line.run())
    try:
        yield Line(line, task)
    finally:
        await end([task])
        await session.close()


@pytest.fixture
async def bot(world: WorldClient) -> BotView:
    return await world.bot("clawbot", owner=await world.person("Root"))


async def people(world: WorldClient, *names: str) -> list[Person]:
    return [await world.person(name) for name in names]


async def pending(world: WorldClient, bot: BotView) -> int:
    return (await world.show_bot(bot)).pending_updates


async def test_a_persons_messages_are_handled_in_order_and_nobody_waits_for_another(
    world: WorldClient, bot: BotView
) -> None:
    ann, bob = await people(world, "Ann", "Bob")
    ears = Ears()
    async with listening(world, bot, ears.handle):
        await ann.send(bot, "slow one")
        await ann.send(bot, "two")
        await bob.send(bot, "hello")
        await ears.wait("hello")
        await bob.send(bot, "me again")
        await ears.wait("me again")
        assert "two" not in ears.heard

        ears.gate.set()
        await ears.wait("slow one", "two")

    assert ears.heard == ["hello", "me again", "slow one", "two"]


async def test_what_a_crash_interrupts_comes_again(world: WorldClient, bot: BotView) -> None:
    """What came after it and is handled may come again too; what came before it does not."""
    ann, bob = await people(world, "Ann", "Bob")
    ears = Ears()
    async with listening(world, bot, ears.handle):
        await bob.send(bot, "first")
        await ears.wait("first")
        await asyncio.sleep(0.4)
        await ann.send(bot, "slow")
        await asyncio.sleep(0.4)
        await bob.send(bot, "second")
        await ears.wait("second")
        await asyncio.sleep(0.6)
    assert ears.heard == ["first", "second"]

    again = Ears()
    again.gate.set()
    async with listening(world, bot, again.handle):
        await again.wait("slow")
    assert "first" not in again.heard


async def test_a_stop_finishes_and_confirms_what_is_in_hand(world: WorldClient, bot: BotView) -> None:
    (ann,) = await people(world, "Ann")
    ears = Ears()
    async with listening(world, bot, ears.handle) as line:
        await ann.send(bot, "slow")
        await asyncio.sleep(0.3)
        asyncio.get_running_loop().call_later(0.5, ears.gate.set)
        await line.hang_up()

    assert ears.heard == ["slow"]
    assert await pending(world, bot) == 0


async def test_a_stop_does_not_wait_for_ever(world: WorldClient, bot: BotView) -> None:
    (ann,) = await people(world, "Ann")
    ears = Ears()
    async with listening(world, bot, ears.handle) as line:
        await ann.send(bot, "slow")
        await asyncio.sleep(0.3)
        await line.hang_up(0.2)

    assert await pending(world, bot) == 1


async def test_a_defect_in_a_handler_is_not_met_again_and_again(world: WorldClient, bot: BotView) -> None:
    (ann,) = await people(world, "Ann")
    ears = Ears()
    with capture_logs() as logs:
        async with listening(world, bot, ears.handle):
            await ann.send(bot, "bad")
            await ann.send(bot, "good")
            await ears.wait("good")
    assert [entry["event"] for entry in logs].count("update_failed") == 1


CONFLICT = "Conflict: terminated by other getUpdates request"


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        ({"kind": "html", "status": 502}, "cannot be reached"),
        ({"kind": "drop"}, "cannot be reached"),
        ({"kind": "error", "status": 500}, "cannot be reached"),
        ({"kind": "error", "status": 429, "retry_after": 1, "description": "Too Many Requests"}, "asks to wait 1 s"),
        (
            {"kind": "error", "status": 409, "description": CONFLICT},
            "another program polls",
        ),
        ({"kind": "unauthorized"}, "was revoked"),
    ],
)
async def test_each_trouble_is_one_clear_line_and_passes(
    world: WorldClient, bot: BotView, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object], meaning: str
) -> None:
    monkeypatch.setattr(polling, "PAUSES", (0.2,))
    monkeypatch.setattr(polling, "CONFLICT_PAUSE", 0.2)
    monkeypatch.setattr(polling, "UNAUTHORIZED_PAUSE", 0.2)
    (ann,) = await people(world, "Ann")
    ears = Ears()
    kind = str(fault.pop("kind"))
    await world.fault(kind, method="getUpdates", count=2, **fault)
    with capture_logs() as logs:
        async with listening(world, bot, ears.handle):
            await ann.send(bot, "hello")
            await ears.wait("hello")

    told = [entry for entry in logs if entry["event"] == "telegram_polling_failed"]
    assert meaning in told[0]["meaning"]
    assert bot.token not in str(logs)
    assert any(entry["event"] == "telegram_polling_again" for entry in logs)
