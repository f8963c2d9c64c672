"""Waiting without losing a cancellation.

``asyncio.wait_for`` of Python 3.11 swallows one that arrives together with the result, and a loop around it then
never ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

INSIST_SECONDS = 1.0


async def rest(event: asyncio.Event, seconds: float) -> None:
    """Return when *event* is set, after *seconds* at the latest; the event is cleared first."""
    event.clear()
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel *tasks* until they are over: a library on the way may have swallowed the first cancellation."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=INSIST_SECONDS)
