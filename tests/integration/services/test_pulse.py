"""A part shows that it lives, and stops showing it when it does not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from manager_bot.clock import OffsetClock
from manager_bot.services.pulse import Pulse
from models import Heartbeat


async def test_a_part_beats_while_it_lives(database: str) -> None:
    clock, alive = OffsetClock(), [True]
    pulse = Pulse("bot", clock, lambda: alive[0], every=0.02)
    await pulse.start()
    first = (await Heartbeat.get(part="bot")).at
    clock.offset = timedelta(minutes=1)
    await asyncio.sleep(0.2)
    second = (await Heartbeat.get(part="bot")).at
    assert second - first >= timedelta(minutes=1)
    alive[0] = False
    await asyncio.sleep(0.1)
    clock.offset = timedelta(minutes=5)
    await asyncio.sleep(0.2)
    assert (await Heartbeat.get(part="bot")).at - second < timedelta(minutes=1)
    await pulse.stop()


async def test_a_database_that_fails_for_a_moment_does_not_end_it(database: str) -> None:
    clock = OffsetClock()
    trouble = iter([False, True, False, False, False, False, False, False])

    def is_alive() -> bool:
        if next(trouble, False):
            raise OSError("the database went away")
        return True

    pulse = Pulse("bot", clock, is_alive, every=0.02)
    await pulse.start()
    clock.offset = timedelta(minutes=1)
    await asyncio.sleep(0.3)
    assert (await Heartbeat.get(part="bot")).at > clock.now() - timedelta(seconds=30)
    await pulse.stop()
