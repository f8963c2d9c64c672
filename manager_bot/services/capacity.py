"""What fits on a host: pure arithmetic on what was measured.

An awake agent costs what it was measured to hold, not its limit; what is over its limit lies in swap. An agent asleep
costs what is left of that in compressed swap, or nothing where it sleeps by stopping. The share of agents expected
awake at once makes of the two what an agent costs on average; when more are awake, the watchdog puts the
longest-idle ones to sleep before memory is short.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Needs:
    """What one agent of an image needs, in MiB.

    ``minimum_mb`` is the least memory in which it answers without swap, ``awake_mb`` what it takes of the host after a
    long conversation within ``within_mb``, ``asleep_mb`` what is left of that while it is in compressed swap.
    """

    minimum_mb: int
    awake_mb: int
    asleep_mb: int
    within_mb: int = 512

    @property
    def left_asleep(self) -> float:
        """The part of an agent's memory that stays in the host's while it is in compressed swap."""
        return self.asleep_mb / self.awake_mb

    def held_mb(self, limit_mb: int) -> int:
        """What it holds within *limit_mb*: half of every MiB beyond the measured limit is more heap, which Node fills
        before it collects.
        """
        return self.awake_mb + max(0, limit_mb - self.within_mb) // 2


@dataclass(frozen=True, slots=True)
class HostMemory:
    """A host's memory and swap in MiB; ``reserve_mb`` is kept for ClawBot, Docker, the system and its file cache."""

    memory_mb: int
    swap_mb: int
    reserve_mb: int

    @classmethod
    def of(cls, memory_mb: int, swap_mb: int, reserve_mb: int | None = None) -> HostMemory:
        """With the usual reserve where none is given: an eighth, and at least 1 GiB.

        It holds the manager (some 260 MiB), the engine and containerd (100 MiB), the system, and the file cache of
        the one copy of OpenClaw's program that all agents run from.
        """
        return cls(memory_mb, swap_mb, max(1024, memory_mb // 8) if reserve_mb is None else reserve_mb)

    @property
    def for_agents_mb(self) -> int:
        """What is left for agents."""
        return max(0, self.memory_mb - self.reserve_mb)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one agent takes, in MiB: of memory while awake and while asleep, of swap while awake; ``awake`` is the share
    of the time it is expected awake.
    """

    awake_mb: float
    asleep_mb: float
    spilled_mb: float
    awake: float

    @property
    def expected_mb(self) -> float:
        """On average."""
        return self.awake * self.awake_mb + (1 - self.awake) * self.asleep_mb


def cost(needs: Needs, limit_mb: int, limit_swap_mb: int, *, swap: bool, awake: float) -> Cost:
    """What an agent within its limits costs on a host with *swap* or without, awake for that share of the time."""
    left, wanted = needs.left_asleep, needs.held_mb(limit_mb)
    held = min(wanted, limit_mb)
    spilled = min(wanted - held, limit_swap_mb)
    return Cost(held + spilled * left, wanted * left if swap else 0.0, spilled, awake)


@dataclass(frozen=True, slots=True)
class Load:
    """What some agents add up to, in MiB: of memory on average, of swap while they are awake."""

    expected_mb: float = 0.0
    spilled_mb: float = 0.0

    @classmethod
    def of(cls, costs: Iterable[Cost]) -> Load:
        """All of *costs* together."""
        every = list(costs)
        return cls(sum(one.expected_mb for one in every), sum(one.spilled_mb for one in every))


def fits(load: Load, host: HostMemory, overcommit: float) -> bool:
    """Whether *load* is within what *host* has for agents, times *overcommit*, and what spills within its swap."""
    return load.expected_mb <= host.for_agents_mb * overcommit and load.spilled_mb <= host.swap_mb


def room(load: Load, one: Cost, host: HostMemory, overcommit: float) -> int:
    """How many more agents like *one* fit beside *load*."""
    free = max(0.0, host.for_agents_mb * overcommit - load.expected_mb)
    places = int(free / one.expected_mb + _ROUNDING)
    if one.spilled_mb:
        places = min(places, int(max(0.0, host.swap_mb - load.spilled_mb) / one.spilled_mb + _ROUNDING))
    return places


def awake_at_once(count: int, one: Cost, host: HostMemory) -> int:
    """How many of *count* agents like *one* have room to be awake at the same moment while the others sleep."""
    more = one.awake_mb - one.asleep_mb
    spare = host.for_agents_mb - count * one.asleep_mb
    return count if spare >= count * more else max(0, int(spare / more))


_ROUNDING = 1e-9
"""Ten thirds of three are ten."""
