"""The two servers of the gateway's benchmark: an upstream as cheap as can be, and the least a pass-through can do.

The strict emulated Gemini would dominate what is measured here, so this upstream knows two canned answers and no rules.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import aiohttp
from aiohttp import web

CHUNKS = 20
BETWEEN_SECONDS = 0.002


def _answer(text: str, *, last: bool) -> dict[str, Any]:
    usage = {"promptTokenCount": 500, "candidatesTokenCount": 100, "totalTokenCount": 600}
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    if last:
        candidate["finishReason"] = "STOP"
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "bench"}


WHOLE = json.dumps(_answer("word " * 100, last=True)).encode()
EVENTS = [
    b"data: " + json.dumps(_answer("word " * 5, last=at == CHUNKS - 1)).encode() + b"\r\n\r\n" for at in range(CHUNKS)
]
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Upstream(asyncio.Protocol):
    """HTTP/1.1 with a length or in chunks, one request after the other; answers whatever is asked."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer = transport, bytearray()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end]).lower()
            at = head.find(b"content-length:")
            if at >= 0:
                total = end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])
            elif b"transfer-encoding: chunked" in head:
                last = self.buffer.find(b"0\r\n\r\n", end)
                total = last + 5 if last >= 0 else sys.maxsize
            else:
                total = end + 4
            if len(self.buffer) < total:
                return
            del self.buffer[:total]
            if b"streamgeneratecontent" in head:
                self.transport.write(_STREAM)
                self._stream(0)
            else:
                self.transport.write(_HEAD % len(WHOLE) + WHOLE)

    def _stream(self, number: int) -> None:
        if self.transport.is_closing():
            return
        if number == CHUNKS:
            self.transport.write(b"0\r\n\r\n")
            return
        event = EVENTS[number]
        self.transport.write(b"%x\r\n" % len(event) + event + b"\r\n")
        asyncio.get_running_loop().call_later(BETWEEN_SECONDS, self._stream, number + 1)


async def serve_upstream(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


async def serve_floor(port: int, upstream: str) -> None:
    """A bare aiohttp pass-through: reads the body, posts it on, relays the answer as it comes."""
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:

        async def forward(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            headers = {"Content-Type": "application/json", "x-goog-api-key": request.headers.get("x-goog-api-key", "")}
            async with session.post(upstream + request.raw_path, data=body, headers=headers) as answer:
                if "event-stream" not in answer.content_type:
                    return web.Response(status=answer.status, body=await answer.read(), content_type="application/json")
                response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
                await response.prepare(request)
                async for piece in answer.content.iter_any():
                    await response.write(piece)
                await response.write_eof()
                return response

        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{tail:.*}", forward)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    kind, port = sys.argv[1], int(sys.argv[2])
    asyncio.run(serve_upstream(port) if kind == "upstream" else serve_floor(port, sys.argv[3]))
