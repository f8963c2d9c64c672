"""``generateContent`` and ``streamGenerateContent``: reserve, forward, settle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import aiohttp
import orjson
from aiohttp import web
from aiohttp.http_writer import StreamWriter

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.gemini.booking import Booking, Fate
from manager_bot.gateway.gemini.errors import over_budget, unreachable
from manager_bot.gateway.gemini.fallback import Models
from manager_bot.gateway.gemini.pipeline import Pipeline, Prepared
from manager_bot.gateway.gemini.relay import Relay
from manager_bot.gateway.gemini.requests import (
    check_platform,
    output_of,
    parse,
    read_body,
    thinking_as_allowed,
    with_output,
)
from manager_bot.gateway.gemini.upstream import NeverSent, lost, refusal, whole
from manager_bot.gateway.gemini.usage import read_json
from manager_bot.gateway.parts import Parts
from manager_bot.gateway.policy.body import JsonObject
from manager_bot.gateway.presence import ToolSign
from manager_bot.services.holds import Hold, OverBudget
from models import Tier

_JSON: Final = {"Content-Type": "application/json; charset=UTF-8"}


@dataclass(frozen=True, slots=True)
class Generate:
    """The two verbs that write."""

    parts: Parts
    models: Models
    pipeline: Pipeline

    async def answer(self, request: web.Request, caller: Caller, model: str, stream: str | None) -> web.StreamResponse:
        """*stream* is ``sse`` or ``json`` (an array), ``None`` for a whole answer.

        The hold is closed whatever happens after it was taken, also when the agent hangs up before the first byte.
        """
        raw = await read_body(request)
        body = parse(raw)
        if caller.own_key is None:
            check_platform(body)
        prepared = await self.pipeline.prepare(caller, model, body)
        booking = Booking(self.parts.budgets, self.parts.meter, await self._reserve(prepared), saved=prepared.saved)
        try:
            out = partial(_outgoing, raw, body, prepared, booking.hold)
            return await self._forward(request, caller, Call(prepared, booking, out, stream))
        finally:
            if not booking.closed:
                await self.parts.closing.finish(booking.close())

    async def _reserve(self, prepared: Prepared) -> Hold:
        try:
            return await self.parts.budgets.reserve(prepared.ask)
        except OverBudget as over:
            self.parts.meter.over_budget(used_up=over.used_up)
            raise over_budget(over.retry_after, used_up=over.used_up) from None

    async def _forward(self, request: web.Request, caller: Caller, call: Call) -> web.StreamResponse:
        tier = call.prepared.ask.tier
        verb = "generateContent" if call.stream is None else "streamGenerateContent"
        call.booking.fate = Fate.UNDER_WAY
        try:
            async with self.models.ask(caller, tier, call.out, verb, sse=call.stream is not None) as answered:
                answer, call.booking.tier = answered.answer, answered.tier
                if answer.status != 200:
                    call.booking.fate = Fate.NOT_SERVED
                    return await refusal(answer, caller, listed=call.stream == "json")
                self.pipeline.answered(call.prepared)
                if call.stream is None:
                    return await self._whole(call, answer)
                return await self._streamed(request, call, answer)
        except NeverSent:
            call.booking.fate = Fate.NOT_SERVED
            raise unreachable() from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise lost(error) from None

    async def _whole(self, call: Call, answer: aiohttp.ClientResponse) -> web.Response:
        """Booked before the agent has it: an answer that was delivered is in the ledger, whatever dies next."""
        raw = await whole(answer)
        call.booking.reading.take(read_json(raw))
        call.tools.feed(raw)
        await self._complete(call)
        return web.Response(body=raw, headers=_JSON)

    async def _streamed(self, request: web.Request, call: Call, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        """Pieces go on as they come; the end, or a break, only when the call is booked."""
        kind = "text/event-stream" if call.stream == "sse" else "application/json; charset=UTF-8"
        response = web.StreamResponse(headers={"Content-Type": kind, "Cache-Control": "no-store"})
        writer = await response.prepare(request)
        assert isinstance(writer, StreamWriter)  # noqa: S101 - aiohttp's only one
        try:
            await Relay(answer, writer, call.booking, call.tools, listed=call.stream == "json").run()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.parts.meter.upstream_error("timeout" if isinstance(error, TimeoutError) else "broken")
            await self.parts.closing.finish(call.booking.close())
            if request.transport is not None:
                request.transport.abort()
            return response
        await self._complete(call)
        await response.write_eof()
        return response

    async def _complete(self, call: Call) -> None:
        """The answer came to its end: book it, and learn from Gemini's count."""
        call.booking.fate = Fate.COMPLETE
        prepared, counted = call.prepared, call.booking.reading.seen.prompt
        self.pipeline.anchors.learn(prepared.agent_id, prepared.estimate, counted)
        self.parts.presence.answered(prepared.agent_id, calls_tool=call.tools.found)
        await self.parts.closing.finish(call.booking.close())


@dataclass(frozen=True, slots=True)
class Call:
    """One call on its way: what is asked, its account, what is sent to a tier, and how the answer goes out."""

    prepared: Prepared
    booking: Booking
    out: Callable[[Tier], bytes]
    stream: str | None
    tools: ToolSign = field(default_factory=ToolSign)


def _outgoing(raw: bytes, body: JsonObject, prepared: Prepared, hold: Hold, tier: Tier) -> bytes:
    """The agent's own bytes where nothing was changed; with a limited answer at the edge of the budget."""
    shaped = thinking_as_allowed(prepared.body, tier)
    if hold.output < prepared.ask.output:
        output = output_of(shaped)
        shaped = with_output(shaped, max(1, min(output.most, hold.output // output.answers)))
    if shaped is body and "model" not in body:
        return raw
    return orjson.dumps({name: value for name, value in shaped.items() if name != "model"})
