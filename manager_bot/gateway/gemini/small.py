"""The verbs that do not write: counting (free) and embedding."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
import orjson
from aiohttp import web

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.gemini.booking import Booking, Fate
from manager_bot.gateway.gemini.catalogue import EMBEDDING, tier_named
from manager_bot.gateway.gemini.errors import over_budget, unreachable
from manager_bot.gateway.gemini.requests import check_platform, parse, read_body
from manager_bot.gateway.gemini.upstream import Gemini, NeverSent, lost, refusal, whole
from manager_bot.gateway.gemini.usage import read_json
from manager_bot.gateway.parts import Parts
from manager_bot.gateway.policy.body import Json, JsonObject, objects
from manager_bot.gateway.policy.tokens import estimate_content
from manager_bot.services.holds import Ask, OverBudget
from models import Source, Tier


@dataclass(frozen=True, slots=True)
class Small:
    """``countTokens``, ``embedContent``, ``batchEmbedContents``."""

    parts: Parts
    gemini: Gemini

    async def count(self, request: web.Request, caller: Caller, model: str) -> web.StreamResponse:
        """Counted by the model that would most often answer; Google does not bill it."""
        body = parse(await read_body(request))
        inner = body.get("generateContentRequest")
        if caller.own_key is None:
            check_platform(inner if isinstance(inner, dict) else body)
        target = self.parts.settings.model_of(tier_named(self.parts.settings, model) or Tier.FLASH)
        if isinstance(inner, dict):
            body = {**body, "generateContentRequest": {**inner, "model": f"models/{target}"}}
        body.pop("model", None)
        return await self._forward(caller, target, "countTokens", orjson.dumps(body), None)

    async def embed(self, request: web.Request, caller: Caller, verb: str) -> web.StreamResponse:
        """Held and booked by estimate where the answer brings no count, as embedding answers often do not."""
        body = parse(await read_body(request))
        items = objects(body.get("requests")) if verb == "batchEmbedContents" else [body]
        tokens = sum(estimate_content(content) for item in items if isinstance(content := item.get("content"), dict))
        source = Source.EMBEDDING
        ask = Ask(caller.user_id, caller.plan, tokens, 0, Tier.LITE, source, own_key=caller.own_key is not None)
        try:
            hold = await self.parts.budgets.reserve(ask)
        except OverBudget as over:
            self.parts.meter.over_budget(used_up=over.used_up)
            raise over_budget(over.retry_after, used_up=over.used_up) from None
        booking = Booking(self.parts.budgets, self.parts.meter, hold)
        try:
            return await self._forward(caller, EMBEDDING, verb, orjson.dumps(_named(body)), booking)
        finally:
            await self.parts.closing.finish(booking.close())

    async def _forward(
        self, caller: Caller, model: str, verb: str, body: bytes, booking: Booking | None
    ) -> web.Response:
        account = booking or _Free()
        account.fate = Fate.UNDER_WAY
        try:
            async with self.gemini.ask(caller, model, verb, body) as answer:
                if answer.status != 200:
                    account.fate = Fate.NOT_SERVED
                    return await refusal(answer, caller, listed=False)
                raw = await whole(answer)
        except NeverSent:
            account.fate = Fate.NOT_SERVED
            raise unreachable() from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise lost(error) from None
        if booking is not None:
            await self._book(booking, raw)
        return web.Response(body=raw, content_type="application/json", charset="utf-8")

    async def _book(self, booking: Booking, raw: bytes) -> None:
        """At what was counted; at its hold where nothing was."""
        booking.reading.take(read_json(raw))
        booking.reading.ended, booking.fate = True, Fate.COMPLETE
        await self.parts.closing.finish(booking.close())


@dataclass(slots=True)
class _Free:
    """The account of a call that costs nothing."""

    fate: Fate = Fate.NOT_SERVED


def _named(body: JsonObject) -> JsonObject:
    """The body with the real model wherever it names one."""
    name: Json = f"models/{EMBEDDING}"
    if "requests" in body:
        return {**body, "requests": [{**item, "model": name} for item in objects(body["requests"])]}
    return {**body, "model": name} if "model" in body else body
