"""Faults on request, at the points of an answer where real services fail."""

from __future__ import annotations

from aiohttp import web

from manager_bot.demo.gemini.errors import of_status
from manager_bot.demo.gemini.exchange import Exchange
from manager_bot.demo.gemini.script import Asked, Fault, FaultKind

_HTML = "<!DOCTYPE html><html><title>Error {status} (Server Error)!!1</title><body>That’s an error.</body></html>"


async def before_answer(exchange: Exchange, asked: Asked) -> tuple[Fault | None, web.Response | None]:
    """Take the next fault: raises, answers in its place, or leaves it to the stream."""
    fault = exchange.state.take_fault(asked)
    if fault is None:
        return None, None
    if fault.kind is FaultKind.STATUS:
        raise of_status(fault.status, exchange.model.id, round(fault.seconds))
    if fault.kind is FaultKind.HTML:
        page = _HTML.format(status=fault.status)
        return fault, web.Response(status=fault.status, text=page, content_type="text/html")
    if fault.kind is FaultKind.DROP:
        break_off(exchange)
    if fault.kind is FaultKind.SLOW_FIRST_BYTE:
        await exchange.wire.wait(fault.seconds)
    return fault, None


def break_off(exchange: Exchange) -> None:
    """The service, not the caller, ends the connection; never returns."""
    exchange.state.ledger.end(exchange.row, "broken", 0)
    exchange.wire.drop()
    raise ConnectionResetError
