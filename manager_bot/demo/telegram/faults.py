"""Faults on request: what a bad day at Telegram looks like."""

from __future__ import annotations

import fnmatch
import itertools
import time
from dataclasses import dataclass, field
from typing import Literal, get_args

FaultKind = Literal["error", "html", "drop", "slow", "unauthorized"]
FAULT_KINDS: tuple[str, ...] = get_args(FaultKind)
When = Literal["before", "after"]


@dataclass(slots=True)
class Fault:
    """One fault, for the calls it fits, until it is used up.

    `after` lets the call take effect and loses only its answer, which is how a real dropped
    connection may end.
    """

    id: int
    kind: FaultKind
    method: str = "*"
    bot: str = "*"
    count: int | None = None
    until: float | None = None
    """In time.monotonic() seconds."""
    status: int = 500
    description: str = "Internal Server Error"
    retry_after: int | None = None
    delay: float = 0.0
    when: When = "before"
    hits: int = 0

    def fits(self, method: str, bot_id: int | None, username: str | None) -> bool:
        names = {str(bot_id), (username or "").lower()}
        wanted = self.bot.removeprefix("@").lower()
        return fnmatch.fnmatchcase(method.lower(), self.method.lower()) and (wanted == "*" or wanted in names)

    def spent(self) -> bool:
        return (self.count is not None and self.hits >= self.count) or (
            self.until is not None and time.monotonic() > self.until
        )

    def as_json(self) -> dict[str, object]:
        left = None if self.until is None else max(0.0, self.until - time.monotonic())
        names = (
            "id",
            "kind",
            "method",
            "bot",
            "count",
            "status",
            "description",
            "retry_after",
            "delay",
            "when",
            "hits",
        )
        return {name: getattr(self, name) for name in names} | {"seconds_left": left, "spent": self.spent()}


@dataclass(slots=True)
class Faults:
    """The faults in force; the oldest that fits a call strikes."""

    active: dict[int, Fault] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, kind: FaultKind, **wish: object) -> Fault:
        fault = Fault(next(self._ids), kind)
        for name, value in wish.items():
            setattr(fault, name, value)
        self.active[fault.id] = fault
        return fault

    def strike(self, method: str, bot_id: int | None, username: str | None) -> Fault | None:
        """The fault this call meets, counted."""
        for fault in self.active.values():
            if not fault.spent() and fault.fits(method, bot_id, username):
                fault.hits += 1
                return fault
        return None
