"""`generateContent` and `streamGenerateContent`."""

from __future__ import annotations

import orjson
from aiohttp import web

from manager_bot.demo.gemini.errors import bad_request
from manager_bot.demo.gemini.exchange import Exchange
from manager_bot.demo.gemini.faults import before_answer, break_off
from manager_bot.demo.gemini.ledger import Usage
from manager_bot.demo.gemini.reply import Reply, build, response_name
from manager_bot.demo.gemini.rules import check_generate
from manager_bot.demo.gemini.script import Answer, Asked, Fault, FaultKind
from manager_bot.demo.gemini.talk import reply_to
from manager_bot.demo.gemini.wire import json_bytes


def _prepare(exchange: Exchange, asked: Asked) -> tuple[Reply, Answer]:
    """Decide the whole answer; the row knows it before the first byte is sent."""
    row, model, body = exchange.row, exchange.model, exchange.body
    prompt, cached = exchange.state.count_prompt(body, exchange.key, model.id)
    if prompt > model.input_limit:
        raise bad_request(
            f"The input token count ({prompt}) exceeds the maximum number of tokens allowed ({model.input_limit})."
        )
    answer = exchange.state.take_answer(asked) or _unscripted(exchange)
    reply = build(body, model, answer, Usage(prompt=prompt, cached=cached), response_name(row.number, model.id))
    row.usage, row.finish, row.calls, row.chunks = reply.usage, reply.finish, reply.calls, len(reply.chunks)
    return reply, answer


def _unscripted(exchange: Exchange) -> Answer:
    said = reply_to(exchange.body)
    pieces = max(2, min(24, len(said.text) // 40))
    return Answer(text=said.text, calls=said.calls, chunks=pieces, chunk_delay=exchange.state.pace)


async def _start(exchange: Exchange) -> tuple[Reply, Answer, Fault | None, web.Response | None]:
    asked = exchange.asked()
    exchange.row.words = asked.words[:2000]
    check_generate(exchange.body, exchange.model)
    fault, instead = await before_answer(exchange, asked)
    reply, answer = (Reply((), Usage(), "", ()), Answer()) if instead else _prepare(exchange, asked)
    await exchange.wire.wait(answer.delay)
    return reply, answer, fault, instead


async def whole(exchange: Exchange) -> web.StreamResponse:
    """The answer as one object."""
    reply, answer, fault, instead = await _start(exchange)
    if instead is not None:
        return instead
    if fault is not None and fault.kind is FaultKind.BROKEN_STREAM:
        break_off(exchange)
    slow = fault.seconds if fault is not None and fault.kind is FaultKind.SLOW_STREAM else answer.chunk_delay
    await exchange.wire.wait(slow * len(reply.chunks))
    exchange.wire.check()
    exchange.row.sent, exchange.row.chunks_sent = reply.usage, len(reply.chunks)
    return web.Response(body=json_bytes(reply.whole()), content_type="application/json", charset="utf-8")


async def streamed(exchange: Exchange) -> web.StreamResponse:
    """The answer in chunks: server-sent events with `alt=sse`, else the items of a JSON array."""
    reply, answer, fault, instead = await _start(exchange)
    if instead is not None:
        return instead
    sse = exchange.wire.request.query.get("alt") == "sse"
    stream = await exchange.wire.open("text/event-stream" if sse else "application/json; charset=UTF-8")
    slow = fault.seconds if fault is not None and fault.kind is FaultKind.SLOW_STREAM else answer.chunk_delay
    for at, chunk in enumerate(reply.chunks):
        if fault is not None and fault.kind is FaultKind.BROKEN_STREAM and at == fault.after_chunks:
            break_off(exchange)
        await exchange.wire.wait(slow if at else 0)
        if sse:
            await exchange.wire.write(stream, b"data: " + orjson.dumps(chunk.body) + b"\r\n\r\n")
        else:
            await exchange.wire.write(stream, (b",\r\n" if at else b"[") + json_bytes(chunk.body))
        exchange.row.chunks_sent = at + 1
        if "usageMetadata" in chunk.body:
            exchange.row.sent = chunk.usage
    if not sse:
        await exchange.wire.write(stream, b"]")
    await stream.write_eof()
    return stream
