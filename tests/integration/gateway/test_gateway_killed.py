"""A gateway killed in the middle of its work makes no call free and leaves no hold."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from gateway_house import PLATFORM_KEY, said
from pydantic import SecretStr

from manager_bot.demo.client import WorldClient
from manager_bot.demo.gemini import GeminiControl
from manager_bot.vault import Vault, new_key
from models import Agent, Budget, Reservation, UsageLog, User, database

KEY = "key-of-ann-" + "k" * 24
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


async def _ann(url: str, vault: Vault) -> int:
    async with database.connected(url):
        user = await User.create(telegram_id=4242, name="Ann", plan="pro")
        token, key = SecretStr("77:" + "t" * 35), SecretStr(KEY)
        await Agent.create(
            user=user, bot_id=77, bot_username="ann_bot", bot_name="Ann", container_name="a", container_port=9000,
            bot_token=vault.seal(token), bot_token_fingerprint=vault.fingerprint(token),
            gateway_key=vault.seal(key), gateway_key_fingerprint=vault.fingerprint(key),
        )  # fmt: skip
        return user.id


async def _call(session: aiohttp.ClientSession, root: str, number: int) -> int | None:
    """What the agent was told the call cost; ``None`` for one it never saw the end of."""
    body = said(f"What time is it in city {number}?")
    url = f"{root}/gemini/v1beta/models/clawbot:generateContent"
    try:
        async with session.post(url, headers={"x-goog-api-key": KEY}, json=body) as answer:
            if answer.status != 200:
                return None
            return int((await answer.json())["usageMetadata"]["totalTokenCount"])
    except (aiohttp.ClientError, OSError):
        return None


async def _some(calls: list[asyncio.Task[int | None]], count: int) -> None:
    """Until so many calls are done."""
    for _, done in zip(range(count), asyncio.as_completed(calls), strict=False):
        await done


async def test_every_call_is_booked_after_a_kill(
    world: WorldClient, database_url: str, make_settings, free_port: int
) -> None:
    vault_key = new_key()
    user_id = await _ann(database_url, Vault([SecretStr(vault_key)]))
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
            process.kill()
            told = [cost for cost in await asyncio.gather(*calls) if cost is not None]
        async with gateway(environment):
            pass
    await asyncio.sleep(0.5)
    served = await control.served()
    async with database.connected(database_url):
        booked = sum([row.token_count for row in await UsageLog.filter(user_id=user_id)])
        budget = await Budget.get(user_id=user_id)
        left = await Reservation.all().count()

    assert 0 < len(told) < CALLS, f"killed too early or too late (seed {seed})"
    assert (left, budget.held, budget.used) == (0, 0, booked), f"seed {seed}"
    assert booked >= sum(row["usage"]["total"] for row in served if row["outcome"] == "completed"), f"seed {seed}"
    assert booked >= sum(told), f"seed {seed}"
