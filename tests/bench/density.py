"""Fifty subscribers on one machine: what do their agents take of it, and how fast do they wake?

Everybody joins by the chat, on the free plan, and gets a real OpenClaw in a container on the real engine, started by
the real manager, a process of its own; Telegram and Gemini are emulated, and the model answers at once. The host has
compressed swap while the bench runs (deploy/host/swap.sh; root). Memory (GB = 10^9 bytes) is the difference to before
the manager started: all that is neither free nor page cache that no process maps, the compressed swap in it, less what
strangers' processes took meanwhile. A wake is from the message's arrival at (the emulated) Telegram to the answer's,
one agent at a time, each asleep by its owner's button for that long or longer. A start's CPU is the container's own
account from its creation to "Bot connected!".
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from _density_memory import Books, Memory, resident_mb
from fixtures.containers import cpu_seconds, ids_of, is_frozen
from fixtures.crowd import SETTINGS, Crowd, Subscriber, one_after_another
from fixtures.swap import compressed_swap

from manager_bot.demo.local import LocalClawBot, Place

AGENTS, AWAKE = 50, 10
JOIN_AT_ONCE, SLEEP_AT_ONCE = 4, 4
NAP_MINUTES = (1, 10)
SWAP_MB = 20 * 1024
SETTLE_SECONDS, PAUSE_SECONDS = 20, 0.5
TARGET = Path("var/bench/density.json")
PLACE = Place(
    Path("var/bench-density").absolute(), 18_590, 18_591, 18_592, "20000-20049", "172.30.104.0/24", "clawbot-density"
)
Say = Callable[[str], None]


@dataclass
class Found:
    """What the bench found: memory by the name of the look, seconds else."""

    before: Memory
    looks: dict[str, Memory] = field(default_factory=dict)
    frozen: dict[str, int] = field(default_factory=dict)
    manager_mb: list[float] = field(default_factory=list)
    manager_peak_mb: float = 0.0
    provisioning: float = 0.0
    start_cpu: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    wakes: dict[int, list[float]] = field(default_factory=dict)

    def gb(self, what: str) -> float:
        return round(self.looks[what].since(self.before), 2)

    def figures(self) -> dict[str, float]:
        """What goes into the file; wakes are all naps together, and each by itself."""
        wakes = [one for waits in self.wakes.values() for one in waits]
        named = {
            "agents": len(self.start_cpu),
            "gb_all_asleep": self.gb("all_asleep"),
            "gb_ten_awake": self.gb("ten_awake"),
            "gb_all_awake": self.gb("all_awake"),
            "wake_s_p50": _share(wakes, 0.5),
            "wake_s_p95": _share(wakes, 0.95),
            "start_cpu_s": _share(self.start_cpu, 0.5),
            "manager_rss_mb": round(max(self.manager_mb)),
        }
        more = {
            "start_cpu_s_max": round(max(self.start_cpu), 1),
            "manager_peak_mb": round(self.manager_peak_mb),
            "provisioning_s": round(self.provisioning),
            "answer_s_p50": _share(self.answers, 0.5),
            "answer_s_p95": _share(self.answers, 0.95),
        }
        for minutes, waits in self.wakes.items():
            more |= {f"wake_{minutes}min_s_p50": _share(waits, 0.5), f"wake_{minutes}min_s_p95": _share(waits, 0.95)}
        for what, look in self.looks.items():
            more |= {
                f"frozen_{what}": self.frozen[what],
                f"gb_{what}_by_parts": round(look.parts, 2),
                f"gb_{what}_not_available": round(look.not_available_since(self.before), 2),
                f"gb_{what}_in_swap": round(look.compressed / 1e9, 2),
            }
        return named | more


@dataclass
class Bench:
    """The steps, in their order."""

    crowd: Crowd
    books: Books
    found: Found
    say: Say

    async def run(self, agents: int) -> None:
        short, long = NAP_MINUTES
        await self.provision(agents)
        members = self.crowd.members
        await self.everybody_sleeps()
        await self.look("all_asleep")
        await asyncio.sleep(max(0.0, 60 * short - SETTLE_SECONDS))
        await self.wake(short, members[:AWAKE])
        self.found.answers += await one_after_another(self.crowd, members[:AWAKE] * 2, "And now?")
        await self.look("ten_awake")
        await self.wake(short, members[AWAKE:])
        await self.look("all_awake")
        await self.everybody_sleeps()
        await asyncio.sleep(60 * long)
        await self.wake(long, members)

    async def provision(self, agents: int) -> None:
        """Everybody joins; the CPU of each start is read when the chat says that the bot is connected."""

        def joined(member: Subscriber) -> None:
            self.found.start_cpu.append(cpu_seconds(ids_of(member.container)[member.container]))
            self.say(f"{len(self.found.start_cpu)} of {agents} connected ({self.found.start_cpu[-1]:.1f} CPU-s)")

        began = time.monotonic()
        await self.crowd.join(agents, JOIN_AT_ONCE, joined)
        self.found.provisioning = max(member.joined for member in self.crowd.members) - began
        self.books.containers = frozenset(self._ids())

    async def everybody_sleeps(self) -> None:
        """By their owners' button."""
        await _some_at_once(SLEEP_AT_ONCE, (self.crowd.to_bed(member) for member in self.crowd.members))

    async def wake(self, nap: int, members: Sequence[Subscriber]) -> None:
        """*members* are spoken to one after the other, *nap* minutes asleep by now or longer."""
        waited = await one_after_another(self.crowd, members, "Are you awake?", PAUSE_SECONDS)
        self.found.wakes.setdefault(nap, []).extend(waited)
        self.say(f"{len(members)} woke after {nap} min: p50 {_share(waited, 0.5)} s, longest {max(waited):.1f} s")

    async def look(self, what: str) -> None:
        """Let it settle, then read the memory."""
        await asyncio.sleep(SETTLE_SECONDS)
        self.found.looks[what] = self.books.look()
        self.found.frozen[what] = sum(is_frozen(one) for one in self._ids())
        self.found.manager_mb.append(resident_mb(self.books.manager))
        self.found.manager_peak_mb = resident_mb(self.books.manager, "VmHWM")
        self.say(f"{what}: {self.found.gb(what)} GB, the manager {self.found.manager_mb[-1]:.0f} MB")

    def _ids(self) -> list[str]:
        return list(ids_of(self.crowd.local.place.name_prefix).values())


async def _some_at_once(most: int, works: Iterable[Awaitable[None]]) -> None:
    turn = asyncio.Semaphore(most)

    async def one(work: Awaitable[None]) -> None:
        async with turn:
            await work

    await asyncio.gather(*(one(work) for work in works))


def _share(values: Sequence[float], share: float) -> float:
    """The value below which that share lies, to a tenth."""
    return round(sorted(values)[min(len(values) - 1, round(share * (len(values) - 1)))], 1)


async def measure(agents: int, say: Say) -> Found:
    """The whole bench; whatever happens, nothing of it is left behind."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    local = LocalClawBot(PLACE, say)
    local.settings.update(SETTINGS)
    with compressed_swap(SWAP_MB) as swap:
        books = Books(swap)
        found = Found(books.look())
        try:
            await local.start()
            books.manager = local.manager_process.pid
            async with Crowd.gathering(local) as crowd:
                await Bench(crowd, books, found, say).run(agents)
        finally:
            await local.stop()
            shutil.rmtree(local.data_dir, ignore_errors=True)
    return found


def report(found: Found, console: Console) -> None:
    figures = found.figures()
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(figures, indent=2) + "\n")
    table = Table("figure", "value", title=f"{figures['agents']:g} agents on one machine")
    for name, value in figures.items():
        table.add_row(name, f"{value:g}")
    console.print(table)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    machine = (
        f"{os.cpu_count()} cores, {memory:.1f} GB, Linux {platform.release()}, {SWAP_MB} MiB of zram before compression"
    )
    console.print(" ".join((__doc__ or "").split()), f"This machine: {machine}.", sep="\n", style="dim")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--agents", type=int, default=AGENTS)
    console = Console(highlight=False)
    found = asyncio.run(
        measure(parser.parse_args().agents, lambda line: console.print(f"[dim]{time.strftime('%T')} {line}[/]"))
    )
    report(found, console)


if __name__ == "__main__":
    main()
