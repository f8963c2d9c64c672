"""Do 200 readers of the status page slow the bot's answers?

The whole platform runs as in the demo. A person writes /help again and again; an answer's time is from the message's
arrival at (the emulated) Telegram to the answer's, both by the same clock. In every other phase 200 readers, a process
of their own, do what the page does in a browser, but every second instead of every fifteen: fifteen times the load.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from manager_bot.demo.local import LocalClawBot, Place

READERS, EVERY_SECONDS = 200, 1.0
ROUNDS, MESSAGES, PAUSE_SECONDS = 3, 20, 0.4
TARGET = Path("var/bench/web.json")
PLACE = Place(
    Path("var/bench-web").absolute(), 18_490, 18_491, 18_492, "19950-19955", "172.30.96.0/24", "clawbot-bench-web"
)


@dataclass
class Clock:
    """The times of messages, as the world's events tell them."""

    local: LocalClawBot
    times: asyncio.Queue[tuple[bool, float]] = field(default_factory=asyncio.Queue)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._follow(await self.local.world.last_event()))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _follow(self, after: int) -> None:
        """Of each message in Ann's chat: whether it is the bot's, and when it arrived."""
        async for event in self.local.world.events(after):
            message: dict[str, Any] = event.get("message") or {}
            if event["kind"] == "message" and message["person"] == self.local.ann.id:
                self.times.put_nowait((message["outgoing"], event["at"]))

    async def answer_ms(self) -> float:
        """One question and its answer, in milliseconds."""
        await self.local.ann.send(self.local.bot, "/help")
        async with asyncio.timeout(30):
            _, asked = await self.times.get()
            is_bots, answered = await self.times.get()
        assert is_bots
        return (answered - asked) * 1000


async def phase(clock: Clock) -> list[float]:
    times = []
    for _ in range(MESSAGES):
        times.append(await clock.answer_ms())
        await asyncio.sleep(PAUSE_SECONDS)
    return times


async def measure(local: LocalClawBot) -> dict[str, float]:
    await local.world.ask("POST", "/limits", {"chat_burst": 1000, "chat_per_second": 100})
    clock, idle, loaded, reads = Clock(local), list[float](), list[float](), list[dict[str, float]]()
    async with clock.running():
        await phase(clock)
        for _ in range(ROUNDS):
            idle += await phase(clock)
            arguments = (__file__, "--read", local.public_url)
            readers = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
            assert readers.stdout is not None
            await readers.stdout.readline()
            loaded += await phase(clock)
            readers.terminate()
            reads.append(json.loads((await readers.communicate())[0]))
    return {
        "bot_p50_ms_idle": round(statistics.median(idle), 1),
        "bot_p50_ms_loaded": round(statistics.median(loaded), 1),
        "bot_p95_ms_idle": round(statistics.quantiles(idle, n=20)[-1], 1),
        "bot_p95_ms_loaded": round(statistics.quantiles(loaded, n=20)[-1], 1),
        "readers": READERS,
        "reads_per_second": round(statistics.mean(one["per_second"] for one in reads), 1),
        "read_p50_ms": round(statistics.median(one["p50_ms"] for one in reads), 1),
        "reads_failed": sum(one["failed"] for one in reads),
    }


async def read(root: str) -> None:
    """The readers, until they are terminated: each from an address of its own, as a trusted proxy would tell."""
    times: list[float] = []
    failed = itertools.count()

    async def reader(number: int, session: aiohttp.ClientSession) -> None:
        headers = {"X-Forwarded-For": f"10.9.{number // 250}.{number % 250 + 1}"}
        tag = ""
        await asyncio.sleep(EVERY_SECONDS * number / READERS)
        while True:
            began = time.perf_counter()
            async with session.get(f"{root}/status.json", headers=headers | {"If-None-Match": tag}) as answer:
                await answer.read()
                changed = answer.status == 200
                if answer.status not in {200, 304}:
                    next(failed)
                tag = answer.headers.get("ETag", tag)
            if changed:
                async with session.get(f"{root}/", headers=headers) as answer:
                    await answer.read()
            times.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(EVERY_SECONDS)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        tasks = [asyncio.create_task(reader(number, session)) for number in range(READERS)]
        await asyncio.sleep(2 * EVERY_SECONDS)
        times.clear()
        began = time.perf_counter()
        sys.stdout.write("reading\n")
        sys.stdout.flush()
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(15, stop.set)
        await stop.wait()
        seconds = time.perf_counter() - began
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    broken = sum(1 for one in ended if not isinstance(one, asyncio.CancelledError))
    figures = {"per_second": len(times) / seconds, "p50_ms": statistics.median(times), "failed": next(failed) + broken}
    sys.stdout.write(json.dumps(figures))


async def main() -> dict[str, float]:
    console = Console(highlight=False)
    local = LocalClawBot(PLACE, lambda line: console.print(f"[dim]•[/] {line}"))
    local.settings["CLAWBOT_TRUSTED_PROXIES"] = "127.0.0.1"
    try:
        await local.start()
        return await measure(local)
    finally:
        await local.stop()


def report(figures: dict[str, float]) -> None:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(figures, indent=2) + "\n")
    table = Table("figure", "value", title="The bot's answers with 200 readers of the status page")
    for name, value in figures.items():
        table.add_row(name, f"{value:g}")
    console = Console(highlight=False)
    console.print(table)
    console.print(__doc__, f"{ROUNDS} rounds of {MESSAGES} messages, idle and loaded by turns.", sep="\n", style="dim")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        asyncio.run(read(sys.argv[2]))
    else:
        report(asyncio.run(main()))
