"""What arrives at the socket and is no decent HTTP, or comes too slowly."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
from fixtures.web_house import WebHouse

OVERLONG = b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 20_000 + b"\r\n\r\n"
POST = b"POST /oauth/github/callback HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"


async def say(house: WebHouse, *pieces: bytes, pause: float = 0.0, within: float = 8) -> bytes:
    """Send the pieces, then read until the other side ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.web.port)

    async def send() -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    sending = asyncio.create_task(send())
    try:
        return await asyncio.wait_for(reader.read(), within)
    except ConnectionResetError:
        return b""
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /?ticket=sesame sesame HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OVERLONG,
    ],
    ids=["tls", "space", "version", "nul", "no-colon", "negative", "smuggling", "overlong"],
)
async def test_garbage_is_one_line_that_tells_nothing(
    house: WebHouse, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    head, _, body = (await say(house, sent)).decode().partition("\r\n\r\n")
    assert head.split("\r\n")[0].endswith(" 400 Bad Request")
    assert body == "400 Bad Request\n"
    assert "Content-Security-Policy" in head
    assert "Server: ClawBot" in head
    assert "aiohttp" not in head
    assert [one.getMessage() for one in caplog.records if "Error handling" in one.getMessage()] == []


@pytest.mark.parametrize(("method", "status"), [("TRACE", 405), ("PROPFIND", 405), ("CONNECT", 404), ("FOO", 400)])
async def test_unheard_of_methods_are_refused(house: WebHouse, method: str, status: int) -> None:
    """CONNECT names a host, which is no path of ours; FOO is no method at all."""
    answer = await say(house, f"{method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert int(answer.split()[1]) == status


async def test_an_address_that_is_whole_is_only_a_path(house: WebHouse) -> None:
    """Nobody is proxied, whatever the request line names."""
    answer = await say(house, b"GET http://169.254.169.254/latest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404")


async def test_a_body_that_dribbles_in_is_cut(house: WebHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.signin.READ_SECONDS", 0.6)
    began = time.monotonic()
    answer = await say(house, POST + b"Content-Length: 1000\r\n\r\n", *[b"x"] * 100, pause=0.1)
    assert answer.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("line", [b"POST /nothing", b"POST /", b"GET /"])
async def test_a_body_nobody_reads_never_ends(house: WebHouse, line: bytes) -> None:
    """The answer comes at once; who goes on sending loses the connection."""
    chunks = [b"1\r\nx\r\n"] * 300
    head = line + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    began = time.monotonic()
    answer = await say(house, head, *chunks, pause=0.1, within=15)
    assert answer.startswith(b"HTTP/1.1 ")
    assert time.monotonic() - began < 10


async def test_a_body_without_end_is_refused_when_it_is_too_large(house: WebHouse) -> None:
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    answer = await say(house, POST + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 10)
    assert answer.startswith(b"HTTP/1.1 413")
