"""Watching the world: events, transcript, clock, limits, faults."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, dataclass
from typing import cast

from aiohttp import web

from manager_bot.demo.control.bodies import read_body, refuse
from manager_bot.demo.telegram.faults import FAULT_KINDS, FaultKind
from manager_bot.demo.telegram.flood import FloodLimits
from manager_bot.demo.telegram.state import Telegram

KEEPALIVE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Observing:
    """`/world/events`, `/world/transcript`, `/world/clock`, `/world/limits`, `/world/faults`"""

    telegram: Telegram

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/world/events", self.events),
            web.get("/world/transcript", self.transcript),
            web.get("/world/clock", self.clock),
            web.post("/world/clock", self.advance),
            web.get("/world/limits", self.limits),
            web.post("/world/limits", self.set_limits),
            web.get("/world/faults", self.faults),
            web.post("/world/faults", self.add_fault),
            web.delete("/world/faults", self.clear_faults),
            web.delete("/world/faults/{id}", self.remove_fault),
        ]

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events from `after` (or Last-Event-ID) on; without either, from now on."""
        bus = self.telegram.events
        asked = request.headers.get("Last-Event-ID") or request.query.get("after")
        if asked is not None and not asked.isdecimal():
            raise refuse(400, "after must be a whole number")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        stream = bus.follow(bus.last if asked is None else int(asked))
        await response.prepare(request)
        await response.write(b": open\n\n")
        upcoming = asyncio.ensure_future(anext(stream))
        try:
            while True:
                done, _ = await asyncio.wait({upcoming}, timeout=KEEPALIVE_SECONDS)
                if not done:
                    await response.write(b": alive\n\n")
                    continue
                event = upcoming.result()
                text = json.dumps(event.as_json(), ensure_ascii=False)
                await response.write(f"id: {event.number}\nevent: {event.kind}\ndata: {text}\n\n".encode())
                upcoming = asyncio.ensure_future(anext(stream))
        except ConnectionResetError:
            return response
        finally:
            upcoming.cancel()

    async def transcript(self, request: web.Request) -> web.Response:
        query = request.query
        ok = query.get("ok")
        calls = self.telegram.transcript.select(
            bot=query.get("bot"),
            method=query.get("method"),
            ok=None if ok is None else ok == "true",
            after=int(query.get("after", "0")),
            limit=int(query.get("limit", "1000")),
        )
        return web.json_response([call.as_json() for call in calls])

    async def clock(self, _: web.Request) -> web.Response:
        return web.json_response({"now": self.telegram.clock.now(), "skipped": self.telegram.clock.skipped})

    async def advance(self, request: web.Request) -> web.Response:
        body = (await read_body(request)).known("advance")
        self.telegram.clock.advance(body.number("advance", 0))
        return await self.clock(request)

    async def limits(self, _: web.Request) -> web.Response:
        return web.json_response(asdict(self.telegram.flood.limits))

    async def set_limits(self, request: web.Request) -> web.Response:
        current = self.telegram.flood.limits
        body = (await read_body(request)).known("chat_burst", "chat_per_second", "bot_burst", "bot_per_second")
        self.telegram.flood.set(
            FloodLimits(
                chat_burst=body.number("chat_burst", current.chat_burst),
                chat_per_second=body.number("chat_per_second", current.chat_per_second),
                bot_burst=body.number("bot_burst", current.bot_burst),
                bot_per_second=body.number("bot_per_second", current.bot_per_second),
            )
        )
        return await self.limits(request)

    async def faults(self, _: web.Request) -> web.Response:
        return web.json_response([fault.as_json() for fault in self.telegram.faults.active.values()])

    async def add_fault(self, request: web.Request) -> web.Response:
        body = (await read_body(request)).known(
            "kind", "method", "bot", "count", "seconds", "status", "description", "retry_after", "delay", "when"
        )
        kind, when = body.text("kind"), body.text_or_none("when") or "before"
        if kind not in FAULT_KINDS:
            raise refuse(400, f"kind must be one of {', '.join(FAULT_KINDS)}")
        if when not in {"before", "after"}:
            raise refuse(400, "when must be before or after")
        seconds = body.number("seconds", 0)
        retry_after = body.whole_or_none("retry_after")
        status = body.whole_or_none("status") or (429 if retry_after is not None else 500)
        fault = self.telegram.faults.add(
            cast("FaultKind", kind),
            method=body.text_or_none("method") or "*",
            bot=str(body.values.get("bot") or "*"),
            count=body.whole_or_none("count"),
            until=time.monotonic() + seconds if seconds else None,
            status=status,
            description=body.text_or_none("description") or _description(status, retry_after),
            retry_after=retry_after,
            delay=body.number("delay", 0),
            when=when,
        )
        return web.json_response(fault.as_json())

    async def clear_faults(self, _: web.Request) -> web.Response:
        self.telegram.faults.active.clear()
        return web.json_response([])

    async def remove_fault(self, request: web.Request) -> web.Response:
        number = request.match_info["id"]
        fault = self.telegram.faults.active.pop(int(number), None) if number.isdecimal() else None
        if fault is None:
            raise refuse(404, "no such fault")
        return web.json_response(fault.as_json())


def _description(status: int, retry_after: int | None) -> str:
    """Telegram's own words for a status."""
    words = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
    return f"Too Many Requests: retry after {retry_after}" if status == 429 else words.get(status, f"Error {status}")
