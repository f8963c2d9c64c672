"""The world as a process of its own, for tests and the played journey."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

START_SECONDS = 60.0
STOP_SECONDS = 10.0


@asynccontextmanager
async def world_process(port: int = 0) -> AsyncIterator[str]:
    """A world on loopback; yields its root address. Port 0 takes a free one."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "manager_bot.demo.world", "--port", str(port), stdout=asyncio.subprocess.PIPE
    )
    try:
        yield await asyncio.wait_for(_root(process), START_SECONDS)
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _root(process: asyncio.subprocess.Process) -> str:
    """The address it prints when it listens."""
    line = await process.stdout.readline() if process.stdout else b""
    words = line.decode().split()
    if not words:
        raise RuntimeError(f"the world did not start (exit code {await process.wait()})")
    return words[-1]
