"""How many agents may start at once, and who comes first."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 45.0
"""Seconds after which a start no longer keeps others waiting: it is slow, or it will not get ready at all."""

CALLED_FOR: Final = 10.0
"""Seconds in which an agent that was called may come: a busy host looks at it late, and its place is nobody else's."""


@dataclass(slots=True)
class StartGate:
    """A start costs up to ten seconds of CPU, so fifty at once would all be late: there are *places* of them.

    Agents that somebody waits for come before those nobody does, else who asked first. ``call`` tells an agent that a
    place is free for it; a place that was called for and not taken in time is given away by :meth:`look`.
    """

    places: int
    call: Callable[[int], None]
    now: Callable[[], float] = time.monotonic
    _inside: dict[int, float] = field(default_factory=dict)
    _line: dict[int, bool] = field(default_factory=dict)
    _called: dict[int, float] = field(default_factory=dict)

    def enter(self, agent_id: int, *, urgent: bool) -> bool:
        """Whether it may start now; else it stands in line and is called."""
        if agent_id in self._inside or agent_id in self._called or self._free() > 0:
            self._called.pop(agent_id, None)
            self._line.pop(agent_id, None)
            self._inside[agent_id] = self.now()
            return True
        self._line[agent_id] = urgent
        return False

    def leave(self, agent_id: int) -> None:
        """It is up, or down again: its place is another's."""
        if self._inside.pop(agent_id, None) is not None:
            self._call()

    def look(self) -> None:
        """From time to time: end what takes too long, and give away the places that nobody came for."""
        self._inside = self._since(self._inside, LONGEST)
        self._called = self._since(self._called, CALLED_FOR)
        self._call()

    def _since(self, moments: dict[int, float], seconds: float) -> dict[int, float]:
        """Those that lie no further back."""
        return {agent_id: at for agent_id, at in moments.items() if at > self.now() - seconds}

    def _free(self) -> int:
        return self.places - len(self._inside) - len(self._called)

    def _call(self) -> None:
        first = sorted(self._line, key=lambda agent_id: not self._line[agent_id])
        for agent_id in first[: max(0, self._free())]:
            del self._line[agent_id]
            self._called[agent_id] = self.now()
            self.call(agent_id)
