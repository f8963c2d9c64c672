"""When memory is short, and who sleeps then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manager_bot.runtime.kernel import MemoryNow
from manager_bot.watchdog.shortage import ENOUGH, IDLE_FOR, MOST_AT_ONCE, Napper, is_short, low_mb, to_sleep


def memory(available_mb: int, stalled: float | None = None, total_mb: int = 16384) -> MemoryNow:
    return MemoryNow(total_mb, available_mb, 16384, 8000, stalled)


def napper(agent_id: int, minutes: float, frees_mb: float = 200, *, promised: bool = False) -> Napper:
    return Napper(agent_id, timedelta(minutes=minutes), frees_mb, promised)


@pytest.mark.parametrize(
    ("now", "was", "short"),
    [
        (memory(1024), False, False),
        (memory(1023), False, True),
        # Once short, it stays so until there is half as much again.
        (memory(1535), True, True),
        (memory(1536), True, False),
        # A small host needs room for one start.
        (memory(511, total_mb=2048), False, True),
        (memory(512, total_mb=2048), False, False),
        # Everything waits for memory: short before the mark, but not where there is plenty.
        (memory(2000, stalled=10.0), False, True),
        (memory(2000, stalled=9.9), False, False),
        (memory(3072, stalled=50.0), False, False),
        (memory(2000, stalled=1.0), True, True),
        (memory(2000, stalled=0.9), True, False),
    ],
)
def test_when_memory_is_short(now: MemoryNow, was: bool, short: bool) -> None:
    assert is_short(now, was=was) is short


@pytest.mark.parametrize(
    ("now", "nappers", "coming_mb", "chosen"),
    [
        (memory(1400), [napper(1, 5), napper(2, 9), napper(3, 7)], 0, [2]),
        (memory(1000), [napper(1, 5), napper(2, 9), napper(3, 7)], 0, [2, 3, 1]),
        # Those who are falling asleep already count.
        (memory(1000), [napper(1, 5), napper(2, 9), napper(3, 7)], 400, [2]),
        (memory(1000), [napper(1, 5)], 536, []),
        # Whoever was spoken with just now is left alone, and who gives nothing back.
        (memory(1000), [napper(1, 0.9), napper(2, 5, frees_mb=0)], 0, []),
        # A plan that never sleeps comes last.
        (memory(1400), [napper(1, 60, promised=True), napper(2, 2)], 0, [2]),
        (memory(1000), [napper(1, 60, promised=True), napper(2, 2)], 0, [2, 1]),
        (memory(100), [napper(number, number) for number in range(1, 10)], 0, [9, 8, 7, 6]),
        # Enough is available, but everything waits: one more each time.
        (memory(2000, stalled=20), [napper(1, 5), napper(2, 9)], 0, [2]),
        (memory(2000, stalled=20), [napper(1, 5), napper(2, 9)], 200, []),
        (memory(1536), [napper(1, 5)], 0, []),
    ],
)
def test_the_longest_idle_sleep_first(
    now: MemoryNow, nappers: list[Napper], coming_mb: float, chosen: list[int]
) -> None:
    assert to_sleep(now, nappers, coming_mb) == chosen


moments = st.builds(
    MemoryNow,
    total_mb=st.integers(2048, 262144),
    available_mb=st.integers(0, 262144),
    swap_mb=st.just(0),
    swap_free_mb=st.just(0),
    stalled=st.none() | st.floats(0, 100),
)


@given(now=moments, minutes=st.lists(st.floats(0, 1000), max_size=60))
def test_no_more_than_it_takes_and_nobody_in_a_conversation(now: MemoryNow, minutes: list[float]) -> None:
    nappers = [napper(number, idle) for number, idle in enumerate(minutes)]

    chosen = to_sleep(now, nappers)

    assert len(chosen) == len(set(chosen)) <= MOST_AT_ONCE
    assert all(nappers[one].idle >= IDLE_FOR for one in chosen)
    missing = low_mb(now) * ENOUGH - now.available_mb
    assert len(chosen) <= 1 or (len(chosen) - 1) * 200 < missing
    idles = [nappers[one].idle for one in chosen]
    assert idles == sorted(idles, reverse=True)


@given(now=moments)
def test_it_is_never_short_and_well_at_the_same_reading(now: MemoryNow) -> None:
    assert is_short(now, was=True) or not is_short(now, was=False)
