"""Listeners planted on the host, which an agent must not reach."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

GREETING = b"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\nplanted"


@dataclass(frozen=True, slots=True)
class Planted:
    """Ports of three listeners: on every address, on loopback, and on the bridge beside the gateway's port."""

    everywhere: int
    loopback: int
    bridge: int


@asynccontextmanager
async def planted(bridge_address: str) -> AsyncIterator[Planted]:
    """Listen on all three for as long as the context lasts."""
    servers = [await asyncio.start_server(_greet, host, 0) for host in ("0.0.0.0", "127.0.0.1", bridge_address)]  # noqa: S104 - the very thing that must be out of reach
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    try:
        yield Planted(*ports)
    finally:
        for server in servers:
            server.close()


async def reachable(host: str, port: int) -> bool:
    """Whether the host itself reaches such a listener: proof that there is something to keep an agent from."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 3)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(GREETING)
    await writer.drain()
    writer.close()
