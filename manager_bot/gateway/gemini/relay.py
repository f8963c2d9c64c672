"""A streamed answer on its way from Gemini to the agent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp.http_writer import StreamWriter

from manager_bot.gateway.gemini.booking import Booking
from manager_bot.gateway.gemini.upstream import LONGEST_ANSWER
from manager_bot.gateway.gemini.usage import Frames, read_json
from manager_bot.gateway.presence import ToolSign
from manager_bot.gateway.receiving import Receiver, receiver_of

MOST_UNSENT: Final = 64 * 1024
"""Bytes an agent may leave unread before no more of its answer is taken in."""


@dataclass(slots=True)
class Relay:
    """Each piece is metered and passed on in the callback that brings it.

    Only what has to be waited for gets a task: an agent that reads slowly, and a usage that must be written down before
    more of the answer goes out. *listed* sends the events as a JSON array.
    """

    answer: aiohttp.ClientResponse
    writer: StreamWriter
    booking: Booking
    tools: ToolSign
    listed: bool
    _frames: Frames = field(default_factory=Frames)
    _clock: Callable[[], float] = field(default_factory=lambda: asyncio.get_running_loop().time)
    _until: float = 0.0
    _opened: bool = False
    _waiting: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """To the end of the answer; raises the client's errors where it breaks off."""
        self._until = self._clock() + LONGEST_ANSWER
        receiver = receiver_of(self.answer)
        if receiver is not None and self.writer.chunked:  # as HTTP/1.1 has it
            await self._listen(receiver)
        async for piece in self.answer.content.iter_any():
            await self._pass_on(self._read(piece))
        for event in self._frames.rest():
            self.booking.reading.take(read_json(event))
        if self.listed:
            await self.writer.write(b"]" if self._opened else b"[]")

    async def _listen(self, receiver: Receiver) -> None:
        """Until the last piece is there, and all before it went out."""
        receiver.received = self._received
        try:
            self._received()
            await _ended(self.answer.content)
            while self._waiting is not None:
                await asyncio.wait({self._waiting})
        except BaseException:
            if self._waiting is not None:
                self._waiting.cancel()
            raise
        finally:
            if receiver.received == self._received:
                receiver.received = None

    def _received(self) -> None:
        """Bytes are there. What goes wrong ends the answer for :meth:`run`, and not the connection's callback."""
        if self._waiting is not None:
            return
        content, transport = self.answer.content, self.writer.transport
        try:
            piece = content.read_nowait()
            if not piece:
                return
            out = self._read(piece)
            if transport is None:  # the agent has gone; what it was served is counted all the same
                return
            if self.booking.outgrown or transport.get_write_buffer_size() > MOST_UNSENT:
                self._waiting = asyncio.create_task(self._slowly(out))
            elif out:
                transport.write(b"%x\r\n%b\r\n" % (len(out), out))
        except Exception as error:
            content.set_exception(error)
        if self._clock() > self._until:
            content.set_exception(TimeoutError())

    async def _slowly(self, out: bytes) -> None:
        try:
            await self._pass_on(out)
        except Exception as error:
            self.answer.content.set_exception(error)
        finally:
            self._waiting = None
        self._received()

    async def _pass_on(self, out: bytes) -> None:
        await self.booking.note()
        if out:
            await self.writer.write(out)
        await self.writer.drain()

    def _read(self, piece: bytes) -> bytes:
        """Meter a piece; what goes out for it."""
        self.tools.feed(piece)
        events = self._frames.feed(piece)
        for event in events:
            self.booking.reading.take(read_json(event))
        if not self.listed:
            return piece
        if not events:
            return b""
        opening = b",\r\n" if self._opened else b"["
        self._opened = True
        return opening + b",\r\n".join(events)


async def _ended(content: aiohttp.StreamReader) -> None:
    """Until all of an answer has come, or it broke off."""
    if (error := content.exception()) is not None:
        raise error
    await content.wait_eof()
