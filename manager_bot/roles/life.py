"""A role's sign of life."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

from manager_bot.clock import Clock
from manager_bot.services.pulse import Pulse, always


async def show_life(clock: Clock, stack: AsyncExitStack, part: str, is_alive: Callable[[], bool] = always) -> None:
    """Let others see, in the database, that *part* lives."""
    pulse = Pulse(part, clock, is_alive)
    await pulse.start()
    stack.push_async_callback(pulse.stop)
