"""When the host's memory runs short: who is put to sleep, so that the kernel never has to choose. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from manager_bot.runtime.kernel import MemoryNow

LOW_SHARE: Final = 1 / 16
"""Below this part of memory available (and 512 MiB at least) it is short: an agent's start takes up to 512 MiB."""
LOW_LEAST_MB: Final = 512
ENOUGH: Final = 1.5
"""It is short until so many times the low mark is available again: otherwise it would be short again at once."""
STALLED: Final = 10.0
"""Percent of ten seconds in which everything waited for memory. Agents at their own limits wait too, so it counts only
while what is available is less than twice what is enough."""
CALM: Final = 1.0
IDLE_FOR: Final = timedelta(minutes=1)
"""Who was spoken with this lately is in the middle of a conversation."""
MOST_AT_ONCE: Final = 4
"""Falling asleep takes the CPU for a second or two each; the next look comes in seconds."""


@dataclass(frozen=True, slots=True)
class Napper:
    """An agent that could be put to sleep: for how long it was idle, and what of its memory (MiB) that gives back.

    ``promised`` says that its plan never sleeps: such an agent is asked last.
    """

    agent_id: int
    idle: timedelta
    frees_mb: float
    promised: bool = False


def low_mb(now: MemoryNow) -> float:
    """What must be available on this host."""
    return max(LOW_LEAST_MB, now.total_mb * LOW_SHARE)


def is_short(now: MemoryNow, *, was: bool) -> bool:
    """Whether memory is short, given whether it was a moment ago."""
    low = low_mb(now)
    if was:
        return now.available_mb < low * ENOUGH or _stalls(now, CALM)
    return now.available_mb < low or _stalls(now, STALLED)


def to_sleep(now: MemoryNow, nappers: Iterable[Napper], coming_mb: float = 0.0) -> list[int]:
    """Whom to put to sleep while memory is short: the longest idle first, no more than it takes.

    *coming_mb* is what those free who are falling asleep already. A host that merely stalls frees one more each time.
    """
    missing = low_mb(now) * ENOUGH - now.available_mb - coming_mb
    if missing <= 0 and (coming_mb or not _stalls(now, CALM)):
        return []
    chosen: list[int] = []
    ready = [one for one in nappers if one.idle >= IDLE_FOR and one.frees_mb > 0]
    for one in sorted(ready, key=lambda one: (one.promised, -one.idle)):
        chosen.append(one.agent_id)
        missing -= one.frees_mb
        if missing <= 0 or len(chosen) == MOST_AT_ONCE:
            break
    return chosen


def _stalls(now: MemoryNow, percent: float) -> bool:
    return now.stalled is not None and now.stalled >= percent and now.available_mb < low_mb(now) * ENOUGH * 2
