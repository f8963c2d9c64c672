"""The engine's event stream, carried from its blocking socket into the loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import docker
import requests
from docker.errors import DockerException

from manager_bot.errors import RuntimeUnavailable
from manager_bot.runtime.base import ContainerEvent
from manager_bot.runtime.profile import EVENT_ACTIONS, LABEL_MARK, event_of

_FAILED = (requests.RequestException, DockerException, OSError, ValueError)


class _Stream:
    """One connection, read by one thread of its own (it would starve the pool)."""

    def __init__(self, client: docker.APIClient, mark: str, since: datetime | None) -> None:
        self._client = client
        self._mark = mark
        self._since = since
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[ContainerEvent | None] = asyncio.Queue()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._close: Callable[[], None] = client.close

    async def open(self) -> None:
        """Connect; raises RuntimeUnavailable."""
        threading.Thread(target=self._read, name="docker-events", daemon=True).start()
        await self._opened

    async def next(self) -> ContainerEvent | None:
        """The next event, or ``None`` when the stream has ended."""
        return await self._queue.get()

    def close(self) -> None:
        """Hang up, which ends the thread."""
        with contextlib.suppress(*_FAILED, AttributeError):
            self._close()

    def _read(self) -> None:
        try:
            since: Any = f"{self._since.timestamp():.9f}" if self._since else None  # typed int; the engine takes parts
            stream = self._client.events(
                since=since,
                filters={"type": "container", "event": list(EVENT_ACTIONS), "label": f"{LABEL_MARK}={self._mark}"},
                decode=True,
            )
        except _FAILED:
            self._call(self._refuse)
            return
        self._close = stream.close
        self._call(self._accept)
        with contextlib.suppress(*_FAILED, AttributeError):
            for entry in stream:
                event = event_of(entry)
                if event is not None:
                    self._call(self._queue.put_nowait, event)
        self._call(self._queue.put_nowait, None)
        self._client.close()

    def _call(self, function: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens
            self._loop.call_soon_threadsafe(function, *args)

    def _accept(self) -> None:
        if not self._opened.done():
            self._opened.set_result(None)

    def _refuse(self) -> None:
        if not self._opened.done():
            self._opened.set_exception(RuntimeUnavailable())


async def read_events(
    connect: Callable[[], docker.APIClient], mark: str, since: datetime | None
) -> AsyncIterator[ContainerEvent]:
    """Events of this installation's containers until the stream drops; raises RuntimeUnavailable if it never opened."""
    try:
        client = await asyncio.to_thread(connect)
    except _FAILED as error:
        raise RuntimeUnavailable from error
    stream = _Stream(client, mark, since)
    try:
        await stream.open()
        while (event := await stream.next()) is not None:
            yield event
    finally:
        stream.close()
