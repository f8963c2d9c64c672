"""What operators may count: plain numbers on the hot path, turned into Prometheus' text only when somebody asks.

No label names a person, an agent or a model of theirs, and each takes its values from a short list, so that whatever
agents send makes no new series.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from manager_bot.services.holds import Spending
from models import Source, Tier

GEMINI_VERBS: Final = frozenset(
    {"generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"}
)
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Upper bounds in seconds of a whole request, the model's answer included."""
_KINDS: Final = ("prompt", "output", "cached", "thoughts", "total")


@dataclass(slots=True)
class Durations:
    """One histogram: how many requests fell into each bucket (the last is beyond all of them), and their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """One request took *seconds*."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds


def _counts() -> defaultdict[tuple[str, ...], int]:
    return defaultdict(int)


@dataclass(slots=True)
class Meter:
    """Since the start of this process; each field but the last two counts by the labels in its docstring."""

    requests: defaultdict[tuple[str, ...], int] = field(default_factory=_counts)
    """door, verb, code"""
    calls: defaultdict[tuple[str, ...], int] = field(default_factory=_counts)
    """tier, source"""
    tokens: defaultdict[tuple[str, ...], int] = field(default_factory=_counts)
    """tier, source, kind"""
    refused: defaultdict[tuple[str, ...], int] = field(default_factory=_counts)
    """reason"""
    upstream_errors: defaultdict[tuple[str, ...], int] = field(default_factory=_counts)
    """kind"""
    durations: defaultdict[str, Durations] = field(default_factory=lambda: defaultdict(Durations))
    """verb"""
    saved: int = 0
    open: int = 0

    def request(self, path: str, code: int, seconds: float) -> None:
        """A request below a door was answered; *path* is read for its door and verb, nothing else of it is kept."""
        door, verb = kind_of(path)
        self.requests[door, verb, str(code)] += 1
        if door == "gemini":
            self.durations[verb].add(seconds)

    def booked(self, tier: Tier, source: Source, spent: Spending, saved: int) -> None:
        """A call was settled; *saved* prompt tokens it was spared, less than nothing for a summary of ours."""
        where = (tier.value, source.value)
        self.calls[where] += 1
        counted = (spent.prompt, spent.output, spent.cached, spent.thoughts, spent.total)
        for kind, tokens in zip(_KINDS, counted, strict=True):
            if tokens:
                self.tokens[*where, kind] += tokens
        self.saved += max(0, saved)

    def over_budget(self, *, used_up: bool) -> None:
        """A call was refused: today's budget is used up, or other calls hold what is left of it."""
        self.refused["used_up" if used_up else "held",] += 1

    def upstream_error(self, kind: str) -> None:
        """Gemini refused (its status), was not reached, or broke off."""
        self.upstream_errors[kind,] += 1


def kind_of(path: str) -> tuple[str, str]:
    """The door and the verb of a path, each from a short list."""
    if path.startswith("/gemini/"):
        verb = path.partition("?")[0].rpartition(":")[2]
        return "gemini", verb if verb in GEMINI_VERBS else "other"
    if path.startswith("/telegram/"):
        return "telegram", "file" if path.startswith("/telegram/file/") else "method"
    return "other", "other"


def status_kind(status: int) -> str:
    """A refusal's label: the statuses Google documents by themselves, any other by its hundred."""
    return str(status) if status in _KNOWN else f"{status // 100}xx"


_KNOWN: Final = frozenset({400, 401, 403, 404, 429, 500, 503, 504})


def cumulated(durations: Mapping[str, Durations]) -> Iterator[tuple[str, list[tuple[str, int]], float]]:
    """Each histogram as Prometheus wants it: for each bound how many were no longer than that."""
    for verb, one in durations.items():
        total, buckets = 0, []
        for bound, count in zip((*BUCKETS, float("inf")), one.counts, strict=True):
            total += count
            buckets.append(("+Inf" if bound == float("inf") else str(bound), total))
        yield verb, buckets, one.total
