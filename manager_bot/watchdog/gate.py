"""How many agents may start at once, and who comes first."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 45.0
"""Seconds after which a start no longer keeps others waiting: it is slow, or it will not get ready at all."""


@dataclass(slots=True)
class StartGate:
    """A start costs up to ten seconds of CPU, so fifty at once would all be late: there are *places* of them.

    Agents that somebody waits for come before those nobody does, else who asked first. ``call`` tells an agent that a
    place is free for it; a place that was called for and not taken is called again by the next :meth:`look`.
    """

    places: int
    call: Callable[[int], None]
    now: Callable[[], float] = time.monotonic
    _inside: dict[int, float] = field(default_factory=dict)
    _line: dict[int, bool] = field(default_factory=dict)
    _called: set[int] = field(default_factory=set)

    def enter(self, agent_id: int, *, urgent: bool) -> bool:
        """Whether it may start now; else it stands in line and is called."""
        if agent_id in self._inside or agent_id in self._called or self._free() > 0:
            self._called.discard(agent_id)
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
        late = self.now() - LONGEST
        self._inside = {agent_id: since for agent_id, since in self._inside.items() if since > late}
        self._called.clear()
        self._call()

    def _free(self) -> int:
        return self.places - len(self._inside) - len(self._called)

    def _call(self) -> None:
        first = sorted(self._line, key=lambda agent_id: not self._line[agent_id])
        for agent_id in first[: max(0, self._free())]:
            del self._line[agent_id]
            self._called.add(agent_id)
            self.call(agent_id)
