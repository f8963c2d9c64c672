"""Other programs with a bot's token."""

from __future__ import annotations

import asyncio

from manager_bot.demo.client import WorldClient


async def long_polls(world: WorldClient, token: str) -> None:
    """A bot in good order: long polls, rests a second after an error."""
    await _poll(world, token, hold=30, rest=1.0)


async def rival_polls(world: WorldClient, token: str) -> None:
    """A simple script: short polls, half a second apart."""
    await _poll(world, token, hold=0, rest=0.5)


async def _poll(world: WorldClient, token: str, *, hold: int, rest: float) -> None:
    offset = 0
    while True:
        ask = {"timeout": hold, "offset": offset}
        async with world.session.post(f"{world.telegram_root}/bot{token}/getUpdates", json=ask) as answer:
            body = await answer.json()
        if answer.status != 200 or not hold:
            await asyncio.sleep(rest)
        if answer.status == 200 and body["result"]:
            offset = body["result"][-1]["update_id"] + 1
