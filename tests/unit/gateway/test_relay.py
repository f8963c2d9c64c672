"""A streamed answer on its way, over real sockets: every byte in order, metered, and no faster than it is read."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.http_writer import StreamWriter
from aiohttp.test_utils import TestServer

from manager_bot.gateway.gemini import relay
from manager_bot.gateway.gemini.booking import Booking
from manager_bot.gateway.gemini.relay import Relay
from manager_bot.gateway.gemini.usage import Reading
from manager_bot.gateway.parts import open_session
from manager_bot.gateway.presence import ToolSign
from manager_bot.gateway.receiving import receiver_of

Answer = Callable[[web.StreamResponse], Awaitable[None]]


@dataclass
class Account:
    """What a relay needs of a booking; noting a usage over ``most`` takes until ``noted`` is set."""

    most: int = 10**9
    reading: Reading = field(default_factory=Reading)
    noted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def outgrown(self) -> bool:
        return self.reading.total > self.most and not self.noted.is_set()

    async def note(self) -> None:
        if self.outgrown:
            await self.noted.wait()


def event(number: int, size: int = 40) -> bytes:
    counted = {"promptTokenCount": 5, "totalTokenCount": 5 + number}
    body = {"candidates": [{"content": {"parts": [{"text": "x" * size}]}}], "usageMetadata": counted}
    return b"data: " + orjson.dumps(body) + b"\r\n\r\n"


@dataclass
class Way:
    """An upstream, a gateway between that only relays, and what became of the relay."""

    session: aiohttp.ClientSession
    account: Account
    url: str = ""
    errors: list[BaseException] = field(default_factory=list)
    listened: list[bool] = field(default_factory=list)

    async def read(self) -> bytes:
        async with self.session.get(self.url) as answer:
            return await answer.read()


@asynccontextmanager
async def way(answer: Answer, account: Account, *, listed: bool = False) -> AsyncIterator[Way]:
    async def upstream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await answer(response)
        return response

    async def between(request: web.Request) -> web.StreamResponse:
        async with there.session.get(root) as found:
            response = web.StreamResponse()
            writer = cast("StreamWriter", await response.prepare(request))
            there.listened.append(receiver_of(found) is not None)
            try:
                await Relay(found, writer, cast("Booking", account), ToolSign(), listed).run()
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                there.errors.append(error)
                found.close()
                assert request.transport is not None
                request.transport.abort()
        return response

    async with open_session() as session:
        there = Way(session, account)
        async with TestServer(_app(upstream)) as far, TestServer(_app(between)) as near:
            root, there.url = str(far.make_url("/")), str(near.make_url("/"))
            yield there


def _app(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.Application:
    app = web.Application()
    app.router.add_get("/", handler)
    return app


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_the_pieces_every_byte_arrives_in_order_and_is_metered(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    whole = b"".join(event(number, chance.randint(0, 3000)) for number in range(1, 60))

    async def answer(response: web.StreamResponse) -> None:
        rest = whole
        while rest:
            size = chance.choice((1, 7, 300, 5_000, 40_000))
            await response.write(rest[:size])
            rest = rest[size:]
            await asyncio.sleep(chance.choice((0, 0, 0.001)))

    account = Account()
    async with way(answer, account) as there:
        assert await there.read() == whole
    assert account.reading.total == 5 + 59
    assert there.listened == [True]


async def test_as_a_list_it_is_the_same_objects() -> None:
    async def answer(response: web.StreamResponse) -> None:
        for number in (1, 2, 3):
            await response.write(event(number))
            await asyncio.sleep(0.005)

    async with way(answer, Account(), listed=True) as there:
        found = orjson.loads(await there.read())
    assert [one["usageMetadata"]["totalTokenCount"] for one in found] == [6, 7, 8]


async def test_an_agent_that_reads_slowly_holds_gemini_back_and_loses_nothing() -> None:
    piece, pieces, sent = event(1, 60_000), 1_200, 0

    async def answer(response: web.StreamResponse) -> None:
        nonlocal sent
        for _ in range(pieces):
            await response.write(piece)
            sent += len(piece)

    async with way(answer, Account()) as there, there.session.get(there.url) as found:
        await asyncio.sleep(1)
        assert sent < pieces * len(piece) / 2
        size = 0
        async for part in found.content.iter_any():
            size += len(part)
        assert size == pieces * len(piece)


async def test_a_usage_beyond_the_hold_is_written_down_before_its_piece_goes_out() -> None:
    async def answer(response: web.StreamResponse) -> None:
        for number in (1, 2, 3):
            await response.write(event(number))
            await asyncio.sleep(0.02)

    account = Account(most=6)
    async with way(answer, account) as there, there.session.get(there.url) as found:
        first = await found.content.readexactly(len(event(1)))
        await asyncio.sleep(0.1)
        assert first == event(1)
        assert found.content.total_bytes == len(first)
        account.noted.set()
        assert await found.read() == event(2) + event(3)


async def test_a_break_is_a_break_for_the_agent_too() -> None:
    async def answer(response: web.StreamResponse) -> None:
        await response.write(event(1))
        await asyncio.sleep(0.02)
        assert response._req is not None
        assert response._req.transport is not None
        response._req.transport.abort()

    async with way(answer, Account()) as there:
        with pytest.raises(aiohttp.ClientError):
            await there.read()
    assert [type(error) for error in there.errors] == [aiohttp.ClientPayloadError]


async def test_a_fault_of_ours_in_a_callback_ends_this_answer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(response: web.StreamResponse) -> None:
        for number in (1, 2, 3):
            await response.write(event(number))
            await asyncio.sleep(0.01)

    def fails(_: object, __: bytes) -> None:
        raise ValueError("ours")

    async with way(answer, Account()) as there:
        with monkeypatch.context() as patch:
            patch.setattr(relay.Frames, "feed", fails)
            with pytest.raises(aiohttp.ClientError):
                await there.read()
        assert await there.read() == event(1) + event(2) + event(3)
    assert [str(error) for error in there.errors] == ["ours"]


async def test_an_answer_that_drips_for_ever_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LONGEST_ANSWER", 0.2)

    async def answer(response: web.StreamResponse) -> None:
        while True:
            await response.write(event(1))
            await asyncio.sleep(0.01)

    async with way(answer, Account()) as there:
        with pytest.raises(aiohttp.ClientError):
            await asyncio.wait_for(there.read(), 5)
    assert [type(error) for error in there.errors] == [TimeoutError]


@pytest.mark.parametrize("watched", [True, False])
async def test_silence_is_counted_from_the_last_byte(watched: bool) -> None:
    """Whether a callback takes the pieces or a task waits for them."""
    patience, last = 0.4, 0.0

    async def answer(response: web.StreamResponse) -> None:
        nonlocal last
        for _ in range(5):
            await response.write(b"drop")
            last = time.monotonic()
            await asyncio.sleep(patience / 2)
        await asyncio.sleep(10)

    async with way(answer, Account()) as there:
        there.session._timeout = aiohttp.ClientTimeout(total=None, sock_read=patience)
        if watched:
            with pytest.raises(aiohttp.ClientError):
                await asyncio.wait_for(there.read(), 5)
            assert [type(error) for error in there.errors] == [aiohttp.SocketTimeoutError]
        else:
            async with there.session.get(there.url) as found:
                with pytest.raises((aiohttp.ClientError, TimeoutError)):
                    await asyncio.wait_for(found.read(), 5)
        assert patience - 0.05 <= time.monotonic() - last < 3 * patience
