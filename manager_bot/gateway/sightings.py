"""What the Telegram door saw of each agent, written where a watchdog in any process can read it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

from manager_bot.clock import Clock
from manager_bot.services.ports import DoorReport, Wakeup
from models import Agent, Trouble

SPARSE: Final = 10.0
"""Seconds between two writes of the same sighting."""
CONFLICTS: Final = 3
"""409s in a row, none of them ours, that mean another program polls the bot."""
_QUIET: Final = 60.0
"""Seconds without a 409 after which a good poll proves the other program gone."""


@dataclass(slots=True)
class _Seen:
    """The last of one agent, in monotonic seconds."""

    poll_written: float = -1e9
    activity_written: float = -1e9
    conflicts: int = 0
    last_conflict: float = -1e9
    trouble: Trouble | None = None
    trouble_known: bool = False
    waiting: int = -1


@dataclass(frozen=True, slots=True)
class Sightings:
    """Sparse writes, and a word to the watchdog of this process if there is one."""

    clock: Clock
    wakeup: Wakeup | None = None
    report: DoorReport | None = None
    _seen: dict[int, _Seen] = field(default_factory=dict)

    def _of(self, agent_id: int) -> _Seen:
        return self._seen.setdefault(agent_id, _Seen())

    def started(self, agent_id: int) -> None:
        """It asked who it is, as it does at each start: its next poll is news, and so is what is said of its token."""
        seen = self._of(agent_id)
        seen.poll_written, seen.trouble_known = -1e9, False

    async def polled(self, agent_id: int) -> None:
        """It asks for updates now."""
        seen, now = self._of(agent_id), time.monotonic()
        if now - seen.poll_written < SPARSE:
            return
        seen.poll_written = now
        seen.waiting = 0
        await self._write(agent_id, last_poll_at=self.clock.now(), updates_waiting=0, waiting_since=None)
        if self.report is not None:
            self.report.polled(agent_id)

    async def active(self, agent_id: int) -> None:
        """Something passed between a person and the agent."""
        seen, now = self._of(agent_id), time.monotonic()
        if now - seen.activity_written >= SPARSE:
            seen.activity_written = now
            await Agent.filter(id=agent_id).update(last_activity_at=self.clock.now())

    async def accepted(self, agent_id: int) -> None:
        """Telegram took the bot token and let a poll live."""
        seen = self._of(agent_id)
        if time.monotonic() - seen.last_conflict > _QUIET:
            seen.conflicts = 0
            await self._trouble(agent_id, None)

    async def revoked(self, agent_id: int) -> None:
        """Telegram refused the bot token."""
        await self._trouble(agent_id, Trouble.TOKEN_REVOKED)

    async def conflicted(self, agent_id: int) -> None:
        """Telegram ended a poll with 409."""
        seen = self._of(agent_id)
        seen.conflicts += 1
        seen.last_conflict = time.monotonic()
        if seen.conflicts >= CONFLICTS:
            await self._trouble(agent_id, Trouble.POLLED_ELSEWHERE)

    async def waiting(self, agent_id: int, count: int) -> None:
        """Nobody polls, and *count* updates wait."""
        seen = self._of(agent_id)
        if seen.waiting == count:
            return
        seen.waiting = count
        await Agent.filter(id=agent_id).update(updates_waiting=count)
        since = Agent.filter(id=agent_id)
        if count:
            await since.filter(waiting_since=None).update(waiting_since=self.clock.now())
        else:
            await since.update(waiting_since=None)
        if self.report is not None:
            self.report.updates_waiting(agent_id, count)
        self._poke(agent_id)

    async def _trouble(self, agent_id: int, trouble: Trouble | None) -> None:
        """Written when it changes; a trouble is told to the watchdog each time, which knows what it did about it."""
        seen = self._of(agent_id)
        if not seen.trouble_known or seen.trouble is not trouble:
            seen.trouble, seen.trouble_known = trouble, True
            await self._write(agent_id, door_trouble=trouble)
        if self.report is not None and trouble is Trouble.TOKEN_REVOKED:
            self.report.revoked(agent_id)
        elif self.report is not None and trouble is Trouble.POLLED_ELSEWHERE:
            self.report.polled_elsewhere(agent_id)

    async def _write(self, agent_id: int, **changes: Any) -> None:
        await Agent.filter(id=agent_id).update(**changes)
        self._poke(agent_id)

    def _poke(self, agent_id: int) -> None:
        if self.wakeup is not None:
            self.wakeup.poke(agent_id)
