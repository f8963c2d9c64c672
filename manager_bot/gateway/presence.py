"""What each agent is doing at the doors just now: whether it may be put to sleep without cutting anything off."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

QUIET: Final = 10.0
"""Seconds without any call or update after which an agent has nothing under way: it calls every 4 s while it works."""
LONGEST_LOOP: Final = 900.0
"""Seconds a tool may take: a loop that is silent for longer was given up by the agent."""


@dataclass(slots=True)
class Seen:
    """Of one agent, in monotonic seconds."""

    last: float
    open: int = 0
    calls: int = 0
    in_loop: bool = False


@dataclass(slots=True)
class Presence:
    """Counts calls that are open, and remembers the last one. A poll is no call: it is what an idle agent does.

    ``stirred`` is told of every call of an agent, so that one which is being put to sleep is left awake.
    """

    stirred: Callable[[int], None] = lambda _: None
    now: Callable[[], float] = time.monotonic
    _seen: dict[int, Seen] = field(default_factory=dict)

    def at_door(self, agent_id: int) -> AtDoor:
        """A call of the agent is open as long as this ``with`` block."""
        return AtDoor(self, agent_id)

    def touch(self, agent_id: int) -> None:
        """Something passed: a call, or an update handed over."""
        self.seen(agent_id).last = self.now()
        self.stirred(agent_id)

    def answered(self, agent_id: int, *, calls_tool: bool) -> None:
        """The model answered: with a tool call the agent comes back with the tool's result."""
        self.seen(agent_id).in_loop = calls_tool

    def calls(self, agent_id: int) -> int:
        """How many calls it has made: whether one came between two looks."""
        return self.seen(agent_id).calls

    def is_quiet(self, agent_id: int) -> bool:
        """Whether nothing of the agent is under way. One never seen by this process may have begun before it."""
        seen = self.seen(agent_id)
        since = self.now() - seen.last
        return not seen.open and since >= (LONGEST_LOOP if seen.in_loop else QUIET)

    def seen(self, agent_id: int) -> Seen:
        """What is known of an agent."""
        seen = self._seen.get(agent_id)
        if seen is None:
            seen = self._seen[agent_id] = Seen(self.now())
        return seen


@dataclass(frozen=True, slots=True)
class AtDoor:
    """One open call; every call of an agent takes it, hence no generator."""

    presence: Presence
    agent_id: int

    def __enter__(self) -> None:
        seen = self.presence.seen(self.agent_id)
        seen.open += 1
        seen.calls += 1
        self.presence.touch(self.agent_id)

    def __exit__(self, *_: object) -> None:
        seen = self.presence.seen(self.agent_id)
        seen.open -= 1
        seen.last = self.presence.now()


_TOOL: Final = b'"functionCall"'


@dataclass(slots=True)
class ToolSign:
    """Whether a model's answer, fed as it came over the wire, asks for a tool. Nothing is parsed for it."""

    found: bool = False
    _tail: bytes = b""

    def feed(self, piece: bytes) -> None:
        """The next bytes; the sign may lie across two pieces."""
        if self.found:
            return
        joined = self._tail + piece
        self.found = _TOOL in joined
        self._tail = joined[-len(_TOOL) :]
