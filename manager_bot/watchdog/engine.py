"""Whether the engine is there, and whether it went down since everybody was last looked at."""

from __future__ import annotations

import time
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
    _cuts: int = 0

    async def assure(self) -> None:
        """Raise RuntimeUnavailable unless it answers a new connection and is the one whose events we follow."""
        cuts = self._cuts
        await self.runtime.ping()
        if cuts != self._cuts:
            raise RuntimeUnavailable

    async def answers(self) -> bool:
        """Ping it; whether it is there."""
        try:
            await self.runtime.ping()
        except (RuntimeUnavailable, RuntimeRefused):
            self.lost()
            self.missed += 1
            return False
        return True

    async def hung_up(self) -> None:
        """Its event stream ended: with the engine, or alone."""
        self.away = True
        self._cuts += 1
        began = time.monotonic()
        try:
            await self.runtime.ping()
        except (RuntimeUnavailable, RuntimeRefused):
            self.gone = True
        else:
            self.gone = self.gone or time.monotonic() - began > _SLOW

    def lost(self) -> None:
        """It did not answer."""
        self.away = self.gone = True

    def is_back(self) -> None:
        """Everybody is being looked at."""
        self.away = self.gone = False
        self.missed = 0
