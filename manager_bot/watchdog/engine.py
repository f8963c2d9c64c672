"""Whether the engine is there, and whether it went down since everybody was last looked at."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from manager_bot.errors import RuntimeUnavailable
from manager_bot.runtime.base import Runtime, RuntimeRefused

_SLOW: Final = 0.5
"""Seconds a ping may take after the event stream was cut; a longer one waited for an engine that was starting."""


@dataclass(slots=True)
class Engine:
    """An engine that goes down takes containers with it, and says so on its old connections before it is away."""

    runtime: Runtime
    away: bool = True
    """Nobody knows yet whether it is there, or it hung up: nothing is decided until it answers a ping."""
    gone: bool = False
    """It went down: what ended with it is nobody's failed attempt."""
    missed: int = 0
    """Pings in a row."""
    cuts: int = 0
    """How often its event stream ended."""
    _asked: int = 0

    @property
    def is_known(self) -> bool:
        """Whether nobody waits for an answer that may yet say that it went down."""
        return not self._asked

    async def assure(self, cuts: int) -> None:
        """Raise RuntimeUnavailable if it went down since *cuts* was read, or is about to: it takes containers with it.

        It must answer a new connection, and its events must still come. A socket that systemd holds open keeps a
        question until the next engine answers it.
        """
        with self._asking():
            await self.runtime.ping()
        if cuts != self.cuts:
            self.gone = True
            raise RuntimeUnavailable

    async def answers(self) -> bool:
        """Ping it; whether it is there."""
        try:
            await self.runtime.ping()
        except (RuntimeUnavailable, RuntimeRefused):
            self.away = self.gone = True
            self.missed += 1
            return False
        return True

    async def hung_up(self) -> None:
        """Its event stream ended: with the engine, or alone."""
        self.cuts += 1
        await self.failed()

    async def failed(self) -> None:
        """A call or the stream broke: find out whether with the engine, and let everybody be looked at again."""
        self.away = True
        began = time.monotonic()
        with self._asking():
            try:
                await self.runtime.ping()
            except (RuntimeUnavailable, RuntimeRefused):
                self.gone = True
            else:
                self.gone = self.gone or time.monotonic() - began > _SLOW

    def is_back(self) -> None:
        """Everybody is being looked at."""
        self.away = self.gone = False
        self.missed = 0

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self._asked += 1
        try:
            yield
        finally:
            self._asked -= 1
