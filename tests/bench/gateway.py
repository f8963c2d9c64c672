"""What does the token gateway cost, beside LiteLLM's proxy and a bare pass-through?

One upstream, a process of its own that answers at once, is asked directly, through a bare aiohttp pass-through (the
floor), through `clawbot run --only gateway` with everything on (40 agents' keys, budgets on SQLite, routing,
truncation, metering, metrics) and through LiteLLM's proxy from PyPI (in an environment of its own under var/; no
database, same Gemini surface, same bodies). CPU is user and system time of all threads of the server's process, by the
kernel's clock of that process; latency is the whole request as one client sees it, less the direct one; memory is the
resident set after the last request; start is from the process's start to its first answer. Each cell is measured in
three rounds in which the servers take turns, so that a busy host slows them alike; a cell's ratio is the median of its
rounds', and what is reported is the worst ratio of all bodies and concurrencies.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from _gateway_bodies import BODIES
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from yarl import URL

from manager_bot.vault import Vault, new_key
from models import Agent, User, database

TARGET, FOLDER, PEER = Path("var/bench/gateway.json"), Path("var/bench-gateway").absolute(), Path("var/bench/litellm")
UPSTREAM, FLOOR, OURS, LITELLM = 18_701, 18_702, 18_703, 18_704
MODEL = "gemini-3.1-flash-lite"
PEER_KEY = "sk-0123456789abcdef0123456789abcdef0123456789abcdef"
CONCURRENCIES = (1, 16, 64)
AGENTS = 40
ROUNDS = 3
CALLS = {"direct": 200, "floor": 500, "clawbot": 500, "litellm": 48}
"""In each round of each cell."""
WARM_UP = 48
PROGRAM = Path(sys.executable).with_name("clawbot")
_NUMBERS = itertools.count(1000)
"""Every call of the run asks something that was never asked before: nothing answers from what it remembers."""
_CPU_CLOCK = 2
"""What clock_getcpuclockid(3) puts beside a process id."""


@dataclass(frozen=True)
class Server:
    """A running process and how to ask it."""

    name: str
    root: str
    model: str
    keys: Sequence[str]
    pid: int
    start_seconds: float = 0.0

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far, by the kernel's clock of that process: nanoseconds."""
        return time.clock_gettime((~self.pid << 3) | _CPU_CLOCK)

    def resident_mb(self) -> float:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True)
class Cell:
    """One server, one body, one concurrency, one round: milliseconds of CPU a request and the median latency."""

    cpu_ms: float
    p50_ms: float


@asynccontextmanager
async def process(
    words: Sequence[str | Path], probe: str, environment: Mapping[str, str]
) -> AsyncIterator[tuple[int, float]]:
    """A server until the end of the block; its id and the seconds to its first answer."""
    began = time.perf_counter()
    with (FOLDER / f"{Path(words[-1]).name}-{URL(probe).port}.log").open("wb") as log:
        running = subprocess.Popen(  # noqa: S603, ASYNC220 - ours; it returns at once
            [str(word) for word in words], env={**os.environ, **environment}, stdout=log, stderr=log
        )
    try:
        await answers(probe, running)
        yield running.pid, time.perf_counter() - began
    finally:
        running.send_signal(signal.SIGTERM)
        await asyncio.to_thread(running.wait, 40)


async def answers(probe: str, running: subprocess.Popen[bytes], within: float = 240) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(within):
        while True:
            if running.poll() is not None:
                raise RuntimeError(f"{running.args!r} ended at once: see {FOLDER}")
            try:
                async with session.get(probe) as answer:
                    await answer.read()
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.02)


def peer() -> Path:
    """LiteLLM's proxy, installed beside us on the first run."""
    program = PEER / "bin" / "litellm"
    if not program.exists():
        Console().print("[dim]•[/] Installing LiteLLM's proxy (once)")
        subprocess.run([sys.executable, "-m", "venv", PEER], check=True)  # noqa: S603 - ours
        subprocess.run([PEER / "bin" / "pip", "install", "--quiet", "litellm[proxy]"], check=True)  # noqa: S603 - ours
    return program.absolute()


def peer_settings() -> Path:
    """Its settings: one model, one key, nothing that slows it down."""
    path = FOLDER / "litellm.yaml"
    model = {"model": f"gemini/{MODEL}", "api_key": "bench", "api_base": f"http://127.0.0.1:{UPSTREAM}"}
    settings = {
        "model_list": [{"model_name": MODEL, "litellm_params": model}],
        "litellm_settings": {"telemetry": False},
        "general_settings": {"master_key": PEER_KEY},
    }
    path.write_text(json.dumps(settings))
    return path


def our_environment(secret: str) -> dict[str, str]:
    root = f"http://127.0.0.1:{UPSTREAM}"
    return {
        "CLAWBOT_BOT_TOKEN": "1000:" + "t" * 35, "CLAWBOT_GEMINI_API_KEY": "bench", "CLAWBOT_SECRET_KEYS": secret,
        "CLAWBOT_DATA_DIR": str(FOLDER / "data"), "CLAWBOT_GEMINI_API_ROOT": root, "CLAWBOT_TELEGRAM_API_ROOT": root,
        "CLAWBOT_GATEWAY_HOST": "127.0.0.1", "CLAWBOT_GATEWAY_PORT": str(OURS), "CLAWBOT_LOG_LEVEL": "warning",
        "CLAWBOT_NAME_PREFIX": "clawbot-bench-gw", "CLAWBOT_AGENT_SUBNET": "172.30.97.0/24",
        "CLAWBOT_AGENT_PORTS": "19960-19999",
    }  # fmt: skip


async def people(secret: str) -> list[str]:
    """Subscribers with an agent each; the agents' keys."""
    vault = Vault([SecretStr(secret)])
    keys = [f"key-of-agent-{number:04d}-{'k' * 20}" for number in range(AGENTS)]
    async with database.connected(database.sqlite_url(FOLDER / "data" / "clawbot.db")):
        for number, key in enumerate(keys):
            user = await User.create(telegram_id=5000 + number, name=f"Person {number}", plan="pro")
            token = SecretStr(f"{7000 + number}:{'t' * 35}")
            await Agent.create(
                user=user, bot_id=7000 + number, bot_username=f"a{number}_bot", bot_name="A",
                bot_token=vault.seal(token), bot_token_fingerprint=vault.fingerprint(token),
                gateway_key=vault.seal(SecretStr(key)), gateway_key_fingerprint=vault.fingerprint(SecretStr(key)),
                container_name=f"a-{number}", container_port=20000 + number, desired_state="stopped",
            )  # fmt: skip
    return keys


def clawbot(command: str, environment: Mapping[str, str]) -> None:
    """One of our commands, to its end."""
    everything = {**os.environ, **environment}
    subprocess.run([PROGRAM, command], env=everything, check=True, capture_output=True)  # noqa: S603 - ours


@asynccontextmanager
async def servers() -> AsyncIterator[list[Server]]:
    """The upstream and everything between it and us."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "data").mkdir(parents=True)
    secret, script = new_key(), Path(__file__).with_name("_gateway_servers.py")
    environment = our_environment(secret)
    clawbot("migrate", environment)
    keys = await people(secret)
    upstream, quiet = f"http://127.0.0.1:{UPSTREAM}", {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    async with AsyncExitStack() as stack:
        start = stack.enter_async_context
        pid, _ = await start(process([sys.executable, script, "upstream", str(UPSTREAM)], upstream, {}))
        there = [Server("direct", upstream, MODEL, ["bench"], pid)]
        words = [sys.executable, script, "floor", str(FLOOR), upstream]
        pid, seconds = await start(process(words, f"http://127.0.0.1:{FLOOR}/healthz", {}))
        there.append(Server("floor", f"http://127.0.0.1:{FLOOR}", MODEL, ["bench"], pid, seconds))
        stack.callback(clawbot, "uninstall", environment)
        words = [PROGRAM, "run", "--only", "gateway"]
        pid, seconds = await start(process(words, f"http://127.0.0.1:{OURS}/healthz", environment))
        there.append(Server("clawbot", f"http://127.0.0.1:{OURS}/gemini", "clawbot", keys, pid, seconds))
        words = [peer(), "--host", "127.0.0.1", "--port", str(LITELLM), "--config", peer_settings()]
        pid, seconds = await start(process(words, f"http://127.0.0.1:{LITELLM}/health/liveliness", quiet))
        there.append(Server("litellm", f"http://127.0.0.1:{LITELLM}", MODEL, [PEER_KEY], pid, seconds))
        yield there


async def measure(
    session: aiohttp.ClientSession, server: Server, body: str, at_once: int, *, warm_up: bool = False
) -> Cell:
    """So many calls, so many of them at once."""
    verb = "streamGenerateContent?alt=sse" if body == "stream" else "generateContent"
    url = URL(f"{server.root}/v1beta/models/{server.model}:{verb}", encoded=True)
    times: list[float] = []

    async def caller(numbers: Iterator[int]) -> None:
        for number in numbers:
            headers = {"x-goog-api-key": server.keys[number % len(server.keys)], "Content-Type": "application/json"}
            raw = BODIES[body](number)
            began = time.perf_counter()
            async with session.post(url, data=raw, headers=headers) as answer:
                await answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"{server.name} answered {answer.status}: {(await answer.text())[:300]}")
            times.append((time.perf_counter() - began) * 1000)

    if warm_up:  # every agent's first call of the day, once
        await caller(iter(range(WARM_UP)))
    await asyncio.gather(*(caller(itertools.islice(_NUMBERS, 1)) for _ in range(at_once)))  # the connections
    times.clear()
    calls, before = CALLS[server.name], server.cpu_seconds()
    numbers = itertools.islice(_NUMBERS, calls)
    await asyncio.gather(*(caller(numbers) for _ in range(at_once)))
    return Cell((server.cpu_seconds() - before) * 1000 / calls, statistics.median(times))


Cells = dict[tuple[str, str, int], list[Cell]]
"""By server, body and concurrency: one for each round."""


async def run() -> tuple[Cells, dict[str, float], list[Server], dict[str, float]]:
    cells: Cells = defaultdict(list)
    async with servers() as there:
        for body, at_once, _, server in itertools.product(BODIES, CONCURRENCIES, range(ROUNDS), there):
            # new connections for each: a server may close one that was idle while the others had their turn
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
                fresh = (server.name, body, at_once) not in cells and at_once == CONCURRENCIES[0]
                cells[server.name, body, at_once].append(await measure(session, server, body, at_once, warm_up=fresh))
        memory = {server.name: server.resident_mb() for server in there}
        return cells, figures(cells, memory, there), there, memory


def figures(cells: Cells, memory: Mapping[str, float], there: Sequence[Server]) -> dict[str, float]:
    """The worst ratio of all cells; latency is what a server adds to the direct answer."""
    start = {server.name: server.start_seconds for server in there}
    cases = list(itertools.product(BODIES, CONCURRENCIES))

    def worst(ratio: Callable[[str, int, int], float]) -> float:
        return max(statistics.median(ratio(*case, turn) for turn in range(ROUNDS)) for case in cases)

    def cpu(theirs: str) -> float:
        return worst(
            lambda body, at_once, turn: (
                cells["clawbot", body, at_once][turn].cpu_ms / cells[theirs, body, at_once][turn].cpu_ms
            )
        )

    def added(name: str, body: str, at_once: int, turn: int) -> float:
        return max(0.01, cells[name, body, at_once][turn].p50_ms - cells["direct", body, at_once][turn].p50_ms)

    return {
        "cpu_vs_litellm": round(cpu("litellm"), 3),
        "p50_vs_litellm": round(worst(lambda *case: added("clawbot", *case) / added("litellm", *case)), 3),
        "rss_vs_litellm": round(memory["clawbot"] / memory["litellm"], 3),
        "start_vs_litellm": round(start["clawbot"] / start["litellm"], 3),
        "cpu_vs_floor": round(cpu("floor"), 2),
    }


def report(cells: Cells, found: Mapping[str, float], rest: str) -> None:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(found, indent=2) + "\n")
    names = list(CALLS)
    table = Table("body", "at once", *(f"{name}\nCPU ms · p50 ms" for name in names), title="The token gateway's cost")
    for body, at_once in itertools.product(BODIES, CONCURRENCIES):
        row = [cells[name, body, at_once] for name in names]
        table.add_row(
            body, str(at_once), *(f"{middle(one, 'cpu_ms'):.2f} · {middle(one, 'p50_ms'):.1f}" for one in row)
        )
    console = Console(highlight=False, width=120)
    console.print(table, rest, *(f"{name}  {value:g}" for name, value in found.items()), sep="\n")
    console.print(__doc__, f"Calls in each round: {CALLS}.", sep="\n", style="dim")


def middle(rounds: Sequence[Cell], what: str) -> float:
    return statistics.median(getattr(one, what) for one in rounds)


if __name__ == "__main__":
    measured, ratios, ran, resident = asyncio.run(run())
    extras = [f"{one.name}: {resident[one.name]:.0f} MB, start {one.start_seconds:.2f} s" for one in ran[1:]]
    report(measured, ratios, " · ".join(extras))
