"""A gateway killed in the middle of its work books each call exactly or above what was served, and leaves no hold.

Every call is another subscriber's, so that what each was told can be compared with what each was booked.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
from gateway_house import PLATFORM_KEY, eventually, said
from pydantic import SecretStr

from manager_bot.demo.client import WorldClient
from manager_bot.demo.gemini import GeminiControl
from manager_bot.vault import Vault, new_key
from models import Agent, Budget, Reservation, UsageLog, User, database

CALLS = 200
ROOT = Path(__file__).resolve().parents[3]


@asynccontextmanager
async def gateway(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    script = Path(__file__).with_name("gateway_alone.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), stdout=asyncio.subprocess.PIPE, env={**os.environ, **environment}
    )
    try:
        assert await asyncio.wait_for(_ready(process), 20) == "False", "the gateway imported aiogram"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> str:
    """Whether aiogram was imported, once it listens; what it logs before that is passed over."""
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        if line.startswith("READY"):
            return line.split()[1]
    raise AssertionError("the gateway did not start")


def _key(number: int) -> str:
    return f"key-of-subscriber-{number:03}-" + "k" * 16


async def _crowd(url: str, vault: Vault) -> dict[int, int]:
    """As many subscribers as calls; their ids by number."""
    async with database.connected(url):
        users = [User(telegram_id=4000 + number, name=f"Ann {number}", plan="pro") for number in range(CALLS)]
        await User.bulk_create(users)
        found = {user.telegram_id - 4000: user for user in await User.all()}
        await Agent.bulk_create(_agent(vault, number, found[number]) for number in range(CALLS))
        return {number: user.id for number, user in found.items()}


def _agent(vault: Vault, number: int, user: User) -> Agent:
    token, key = SecretStr(f"{7000 + number}:" + "t" * 35), SecretStr(_key(number))
    return Agent(
        user=user, bot_id=7000 + number, bot_username=f"ann{number}_bot", bot_name="Ann", container_name=f"a{number}",
        container_port=9000 + number, bot_token=vault.seal(token), bot_token_fingerprint=vault.fingerprint(token),
        gateway_key=vault.seal(key), gateway_key_fingerprint=vault.fingerprint(key),
    )  # fmt: skip


async def _call(session: aiohttp.ClientSession, root: str, number: int) -> int | None:
    """What the agent was told the call cost; ``None`` for one it never saw the end of. Every other one streams."""
    body = said(f"What time is it in city {number}?")
    verb = "streamGenerateContent?alt=sse" if number % 2 else "generateContent"
    url = f"{root}/gemini/v1beta/models/clawbot:{verb}"
    try:
        async with session.post(url, headers={"x-goog-api-key": _key(number)}, json=body) as answer:
            raw = await answer.read()
            last = raw.strip().splitlines()[-1].removeprefix(b"data: ") if number % 2 else raw
            return int(json.loads(last)["usageMetadata"]["totalTokenCount"]) if answer.status == 200 else None
    except (aiohttp.ClientError, OSError):
        return None


async def _some(calls: list[asyncio.Task[int | None]], count: int) -> None:
    """Until so many calls are done."""
    for _, done in zip(range(count), asyncio.as_completed(calls), strict=False):
        await done


async def test_every_call_is_exact_or_not_below_what_was_served_after_a_kill(
    world: WorldClient, database_url: str, make_settings, free_port: int
) -> None:
    vault_key = new_key()
    users = await _crowd(database_url, Vault([SecretStr(vault_key)]))
    environment = {
        "CLAWBOT_BOT_TOKEN": "1000:" + "t" * 35,
        "CLAWBOT_GEMINI_API_KEY": PLATFORM_KEY,
        "CLAWBOT_SECRET_KEYS": vault_key,
        "CLAWBOT_DATABASE_URL": database_url,
        "CLAWBOT_TELEGRAM_API_ROOT": world.telegram_root,
        "CLAWBOT_GEMINI_API_ROOT": world.gemini_root,
        "CLAWBOT_GATEWAY_HOST": "127.0.0.1",
        "CLAWBOT_GATEWAY_PORT": str(free_port),
        "PYTHONPATH": str(ROOT),
    }
    root = f"http://127.0.0.1:{free_port}"
    seed = random.randrange(10**6)  # noqa: S311 - printed, not secret
    pause = random.Random(seed).uniform(0, 0.4)  # noqa: S311 - likewise
    control = GeminiControl(world.session, world.root)
    await control.script({"text": "word " * 50, "chunks": 4, "chunk_delay": 0.1})
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=40)) as session:
        async with gateway(environment) as process:
            calls = [asyncio.create_task(_call(session, root, number)) for number in range(CALLS)]
            await _some(calls, 10)
            await asyncio.sleep(pause)
            assert await eventually(partial(_answers, control))
            process.kill()
            told = dict(enumerate(await asyncio.gather(*calls)))
        async with gateway(environment):
            pass
    await asyncio.sleep(0.5)
    served = {_city(row["words"]): row for row in await control.served()}
    async with database.connected(database_url):
        booked = {row.user_id: row.token_count for row in await UsageLog.all()}
        budgets = {row.user_id: row for row in await Budget.all()}
        left = await Reservation.all().count()

    ended = {number: cost for number, cost in told.items() if cost is not None}
    assert 0 < len(ended) < len(served) <= CALLS, f"killed too early or too late (seed {seed})"
    assert {number: booked[users[number]] for number in ended} == ended, f"seed {seed}"
    assert [
        number
        for number, row in served.items()
        if booked.get(users[number], 0) < (row["usage"] if row["outcome"] == "completed" else row["sent"])["total"]
    ] == [], f"seed {seed}"
    assert (left, [row.user_id for row in budgets.values() if row.held]) == (0, []), f"seed {seed}"
    assert {user: row.used for user, row in budgets.items() if row.used} == booked, f"seed {seed}"


async def _answers(control: GeminiControl) -> bool:
    """Whether Gemini is in the middle of several answers."""
    return sum(row["outcome"] == "open" and row["chunks_sent"] > 0 for row in await control.served()) > 3


def _city(words: str) -> int:
    """Whose call it was."""
    return int(words.split("city ")[1].rstrip("?"))
