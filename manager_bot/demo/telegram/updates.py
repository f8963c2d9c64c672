"""Updates of one bot: kept until confirmed, handed to one poller at a time.

https://core.telegram.org/bots/api#getupdates
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from manager_bot.demo.clock import Clock
from manager_bot.demo.telegram.errors import ApiError, conflict

KEPT_SECONDS = 24 * 3600
LONGEST_POLL_SECONDS = 50
MOST_AT_ONCE = 100
ONLY_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
RIVAL = "terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(frozen=True, slots=True)
class Update:
    """One update as it waits for its bot."""

    update_id: int
    at: float
    kind: str
    payload: dict[str, object]

    def as_json(self) -> dict[str, object]:
        return {"update_id": self.update_id, self.kind: self.payload}


@dataclass(slots=True)
class _Poll:
    """One waiting getUpdates; ended from outside with an error, or by news."""

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    error: ApiError | None = None

    def end(self, error: ApiError) -> None:
        self.error = error
        self.wake.set()


class UpdateQueue:
    """The waiting updates of one bot, and the one poll that may wait for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._updates: list[Update] = []
        self._next_id = 100_000_000 + secrets.randbelow(800_000_000)
        self._poll: _Poll | None = None
        self.allowed: tuple[str, ...] = ()
        self.polls = 0
        """getUpdates calls accepted so far."""

    @property
    def polling(self) -> bool:
        """Is a getUpdates waiting right now?"""
        return self._poll is not None

    def pending(self) -> int:
        self._forget_old()
        return len(self._updates)

    def clear(self) -> None:
        self._updates.clear()

    def put(self, kind: str, payload: dict[str, object]) -> None:
        """Queue an update, if the bot asked for its kind.

        As with Telegram, `allowed_updates` counts when the update is born, not when it is fetched.
        """
        wanted = kind in self.allowed if self.allowed else kind not in ONLY_ON_REQUEST
        if not wanted:
            return
        self._updates.append(Update(self._next_id, self._clock.now(), kind, payload))
        self._next_id += 1
        if self._poll is not None:
            self._poll.wake.set()

    def end_poll(self, error: ApiError) -> None:
        """End a waiting poll, because the token died or a webhook came."""
        if self._poll is not None:
            self._poll.end(error)

    async def get(
        self, offset: int | None, limit: int | None, wait: int | None, allowed: Sequence[str] | None
    ) -> list[Update]:
        """Confirm what came before `offset`, then answer with what waits; the older of two polls loses."""
        self.polls += 1
        self.end_poll(conflict(RIVAL))
        if allowed is not None:
            self.allowed = tuple(allowed)
        self._confirm(offset or 0)
        most = min(max(limit or MOST_AT_ONCE, 1), MOST_AT_ONCE)
        seconds = min(max(wait or 0, 0), LONGEST_POLL_SECONDS)
        poll = self._poll = _Poll()
        try:
            async with asyncio.timeout(seconds or None):
                while seconds and not self._updates:
                    await poll.wake.wait()
                    if poll.error is not None:
                        raise poll.error
                    poll.wake.clear()
        except TimeoutError:
            pass
        finally:
            if self._poll is poll:
                self._poll = None
        self._forget_old()
        return self._updates[:most]

    def _confirm(self, offset: int) -> None:
        self._forget_old()
        if offset < 0:
            self._updates = self._updates[offset:]
        elif offset > 0:
            self._updates = [update for update in self._updates if update.update_id >= offset]

    def _forget_old(self) -> None:
        oldest = self._clock.now() - KEPT_SECONDS
        self._updates = [update for update in self._updates if update.at > oldest]
