"""The exact account of what the emulated Gemini served: what our metering is compared with."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from manager_bot.demo.gemini.errors import Json, JsonObject

KEPT_BODIES = 200
"""Request bodies kept for inspection; the ledger itself keeps every row."""


def fingerprint(key: str) -> str:
    """A key's name in the ledger: it tells keys apart and gives none away."""
    return hashlib.sha256(key.encode()).hexdigest()[:12] if key else "none"


@dataclass(frozen=True, slots=True)
class Usage:
    """Google's `usageMetadata`, in tokens. `cached` is part of `prompt`."""

    prompt: int = 0
    candidates: int = 0
    thoughts: int = 0
    cached: int = 0
    tool_use: int = 0

    @property
    def total(self) -> int:
        """What Google calls `totalTokenCount`."""
        return self.prompt + self.candidates + self.thoughts + self.tool_use

    def json(self) -> JsonObject:
        """The object on the wire; zero counts are left out, as proto3 JSON leaves them out."""
        counts: dict[str, Json] = {
            "promptTokenCount": self.prompt,
            "candidatesTokenCount": self.candidates,
            "totalTokenCount": self.total,
            "cachedContentTokenCount": self.cached,
            "thoughtsTokenCount": self.thoughts,
            "toolUsePromptTokenCount": self.tool_use,
        }
        shown: JsonObject = {name: count for name, count in counts.items() if count}
        shown["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": self.prompt}]
        return shown


@dataclass(slots=True)
class Served:
    """One request. `usage` is what was generated, `sent` the last usage that reached the wire."""

    number: int
    at: float
    key: str
    model: str
    verb: str
    words: str = ""
    status: int = 0
    outcome: str = "open"
    usage: Usage = field(default_factory=Usage)
    sent: Usage = field(default_factory=Usage)
    chunks: int = 0
    chunks_sent: int = 0
    finish: str = ""
    calls: tuple[str, ...] = ()
    seconds: float = 0.0

    def json(self) -> dict[str, object]:
        """The row as the control API gives it."""
        row = asdict(self)
        row["usage"]["total"], row["sent"]["total"] = self.usage.total, self.sent.total
        return row


@dataclass(slots=True)
class Ledger:
    """Every request served, in order of arrival. Outcomes: open, completed, refused, cut, broken."""

    rows: list[Served] = field(default_factory=list)
    bodies: deque[tuple[int, Json]] = field(default_factory=lambda: deque(maxlen=KEPT_BODIES))
    listeners: list[Callable[[Served], None]] = field(default_factory=list)

    def begin(self, key: str, model: str, verb: str) -> Served:
        """A row for a request that has just arrived; `key` is the key itself."""
        row = Served(len(self.rows) + 1, time.time(), fingerprint(key), model, verb)
        self.rows.append(row)
        return row

    def end(self, row: Served, outcome: str, status: int) -> None:
        """Close a row once; a row closed before keeps what it says."""
        if row.outcome != "open":
            return
        row.outcome, row.status = outcome, status
        row.seconds = round(time.time() - row.at, 4)
        for listener in self.listeners:
            listener(row)

    def totals(self) -> dict[str, dict[str, dict[str, int]]]:
        """By key fingerprint and model: counts of requests by outcome and tokens served.

        A request cut off counts with what was sent, for nobody can prove more.
        """
        totals: dict[str, dict[str, dict[str, int]]] = {}
        for row in self.rows:
            sums = totals.setdefault(row.key, {}).setdefault(row.model, dict.fromkeys(_SUMS, 0))
            usage = row.usage if row.outcome == "completed" else row.sent
            sums["requests"] += 1
            sums[row.outcome] = sums.get(row.outcome, 0) + 1
            for name in ("prompt", "candidates", "thoughts", "cached", "tool_use", "total"):
                sums[name] += getattr(usage, name)
        return totals

    def clear(self) -> None:
        """Forget all rows and bodies."""
        self.rows.clear()
        self.bodies.clear()


_SUMS = (
    "requests", "completed", "refused", "cut", "broken", "prompt", "candidates", "thoughts", "cached", "tool_use",
    "total",
)  # fmt: skip
