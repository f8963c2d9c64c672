"""Connections that say when bytes have come, in the very callback that brings them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler


class Receiver(ResponseHandler):
    """aiohttp's end of a connection, made for streams of many small pieces.

    ``received`` is told of bytes once they are parsed, while nobody waits for them: a task that waits for each piece
    costs two rounds of the loop a piece, a callback none. Nor is a timer set anew for each, or a parser resumed that
    was never paused.
    """

    received: Callable[[], None] | None = None
    _heard: float = 0.0

    def data_received(self, data: bytes) -> None:
        """Empty *data* is aiohttp's own word to go on parsing what it has."""
        super().data_received(data)
        if data and self.received is not None:
            self.received()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Asked for after every read."""
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

    def _reschedule_timeout(self) -> None:
        """The timer for a silent peer runs on; only when it is due is it asked how long the silence was."""
        self._heard = self._loop.time()
        if self._read_timeout_handle is None:
            super()._reschedule_timeout()

    def _on_read_timeout(self) -> None:
        left = self._heard + (self.read_timeout or 0.0) - self._loop.time()
        if left > 0:
            self._read_timeout_handle = self._loop.call_later(left, self._on_read_timeout)
        else:
            self._read_timeout_handle = None
            super()._on_read_timeout()


class ReceivingConnector(aiohttp.TCPConnector):
    """Makes a :class:`Receiver` of each connection; aiohttp has no public setting for that."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory = cast("partial[ResponseHandler]", partial(Receiver, loop=self._loop))


def receiver_of(answer: aiohttp.ClientResponse) -> Receiver | None:
    """The connection an open answer comes over; ``None`` once all of it has come, and it went back to the pool."""
    protocol = answer.connection.protocol if answer.connection is not None else None
    return protocol if isinstance(protocol, Receiver) else None
