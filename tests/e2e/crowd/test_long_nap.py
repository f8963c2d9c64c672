"""Waking after an hour: the poller's own timers, its connections and its memory have all grown old by then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fixtures.crowd import Crowd, one_after_another
from fixtures.swap import CompressedSwap

from manager_bot.demo.local import Place

AGENTS = 4
HOUR_SECONDS = 3600
LONGEST_WAKE_SECONDS = 6.0


@pytest.mark.soak
@pytest.mark.timeout(2 * HOUR_SECONDS)
async def test_an_agent_asleep_for_an_hour_wakes_within_seconds(tmp_path: Path, swap: CompressedSwap) -> None:
    place = Place(tmp_path, 18_690, 18_691, 18_692, "20060-20069", "172.30.106.0/24", "clawbot-nap")
    async with Crowd.at(place) as crowd:
        await crowd.join(AGENTS, 2)
        for member in crowd.members:
            await crowd.to_bed(member)
        await asyncio.sleep(HOUR_SECONDS)

        waited = await one_after_another(crowd, crowd.members, "Are you awake?", 1.0)

    assert max(waited) <= LONGEST_WAKE_SECONDS, waited
