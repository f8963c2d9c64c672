"""A part's sign of life, for whoever must know without being in the same process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from manager_bot.clock import Clock
from models import Heartbeat

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 30.0


def always() -> bool:
    """For a part that is alive as long as its process is."""
    return True


@dataclass(slots=True)
class Pulse:
    """Writes that *part* is alive, as long as it says so itself."""

    part: str
    clock: Clock
    is_alive: Callable[[], bool] = always
    every: float = EVERY_SECONDS
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    async def start(self) -> None:
        """Beat once, and go on by itself."""
        await self._beat()
        self._task = asyncio.create_task(self._run(), name=f"pulse of {self.part}")

    async def stop(self) -> None:
        """No more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self.every)
            try:
                await self._beat()
            except Exception:
                log.exception("heartbeat_not_written", part=self.part)

    async def _beat(self) -> None:
        if self.is_alive():
            await Heartbeat.update_or_create(defaults={"at": self.clock.now()}, part=self.part)
