"""How long real OpenClaw agents are away after a death: until they run, and until they are ready and poll again."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import docker

from manager_bot.demo.client import Person
from manager_bot.demo.local import LocalClawBot, Place

PATIENCE = 180
_CONNECTED = "SELECT created_at FROM container_events WHERE agent_id = ? AND event_type = 'connected' ORDER BY id DESC"
PLACE = Place(
    folder=Path(tempfile.gettempdir()) / "clawbot-bench-watchdog",
    world_port=8150,
    gateway_port=8151,
    web_port=8152,
    agent_ports="9900-9909",
    agent_subnet="172.30.98.0/24",
    name_prefix="clawbot-bench",
)


@dataclass(frozen=True)
class Return:
    """Seconds since the death, by the engine's and the database's times; both are of this host's clock."""

    running: float
    ready_and_polling: float


async def measure() -> list[Return]:
    """A whole ClawBot beside the emulated Telegram; each of its four agents is killed once, so no backoff counts."""
    without_github = {"CLAWBOT_GITHUB_CLIENT_ID": "", "CLAWBOT_GITHUB_CLIENT_SECRET": ""}
    local = LocalClawBot(PLACE, lambda _: None, without_github)
    try:
        await local.start()
        cleo = await local.world.person("Cleo", username="cleo", language_code="en")
        for person in (local.ann, local.bob, local.ada, cleo):
            await _join(local, person)
        with closing(docker.APIClient()) as client:
            names = sorted(
                one["Names"][0].strip("/") for one in client.containers(filters={"name": f"{PLACE.name_prefix}-"})
            )
            return [await _die(local, client, name) for name in names]
    finally:
        await local.stop()


async def _join(local: LocalClawBot, person: Person) -> None:
    bot = await local.world.bot(f"{person.name.lower()}_bench_bot", owner=person, name=person.name)
    await person.send(local.bot, "/start")
    await person.wait_for(local.bot, button="Get started")
    await person.press(local.bot, "Get started")
    await person.wait_for(local.bot, button="Starter")
    await person.press(local.bot, "Starter")
    await person.wait_for(local.bot, "BotFather")
    await person.send(local.bot, bot.token)
    await person.wait_for(local.bot, button=f"@{bot.username}", within=PATIENCE)


async def _die(local: LocalClawBot, client: docker.APIClient, name: str) -> Return:
    found = client.inspect_container(name)
    agent_id = int(found["Config"]["Labels"]["clawbot.agent"])
    before = _connected_at(local, agent_id)
    await asyncio.to_thread(client.kill, name)
    for _ in range(PATIENCE * 2):
        await asyncio.sleep(0.5)
        if (connected := _connected_at(local, agent_id)) != before:
            break
    state = client.inspect_container(name)["State"]
    ended, started = (datetime.fromisoformat(state[key][:26] + "+00:00") for key in ("FinishedAt", "StartedAt"))
    return Return((started - ended).total_seconds(), (connected - ended).total_seconds())


def _connected_at(local: LocalClawBot, agent_id: int) -> datetime:
    (database,) = local.data_dir.glob("*.db")
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (text,) = connection.execute(_CONNECTED, (agent_id,)).fetchone()
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
