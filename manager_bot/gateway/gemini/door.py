"""The Gemini door's one handler: who, which model, which verb."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

import orjson
from aiohttp import web

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.gemini.catalogue import cards, embeds, generates
from manager_bot.gateway.gemini.errors import GeminiError, suspended, too_many, unauthenticated, unknown_path
from manager_bot.gateway.gemini.generate import Generate
from manager_bot.gateway.gemini.requests import ROOM
from manager_bot.gateway.gemini.small import Small
from manager_bot.gateway.limits import TooBusy
from manager_bot.gateway.parts import Parts

_PATH: Final = re.compile(r"/gemini/v1beta/models(?:/([A-Za-z0-9][A-Za-z0-9._-]{0,63})(?::([A-Za-z]{1,32}))?)?")


@dataclass(frozen=True, slots=True)
class GeminiDoor:
    """Speaks Gemini's REST surface to agents."""

    parts: Parts
    generate: Generate
    small: Small

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request below ``/gemini/``; the path is matched as it was sent."""
        path, _, query = request.raw_path.partition("?")
        asked = parse_qs(query) if query else {}
        listed = path.endswith(":streamGenerateContent") and asked.get("alt") != ["sse"]
        try:
            found = _PATH.fullmatch(path)
            caller = await self._caller(request, asked)
            if found is None:
                raise unknown_path()
            with self.parts.gemini_limits.share(caller.agent_id) as room, self.parts.presence.at_door(caller.agent_id):
                request[ROOM] = room
                if found[2] is None:
                    return self._shown(request, found[1])
                return await self._act(request, caller, found[1], found[2], "json" if listed else "sse")
        except GeminiError as error:
            return error.response(listed=listed)
        except TooBusy as busy:
            return too_many(busy.retry_after).response(listed=listed)

    async def _caller(self, request: web.Request, asked: dict[str, list[str]]) -> Caller:
        key = request.headers.get("x-goog-api-key") or asked.get("key", [""])[0]
        caller = await self.parts.callers.find(key) if 16 <= len(key) <= 128 else None
        if caller is None:
            raise unauthenticated()
        if not caller.is_active:
            raise suspended()
        return caller

    async def _act(
        self, request: web.Request, caller: Caller, model: str, verb: str, stream: str
    ) -> web.StreamResponse:
        if request.method != "POST":
            raise unknown_path()
        if verb in {"embedContent", "batchEmbedContents"} and embeds(model):
            return await self.small.embed(request, caller, verb)
        if not generates(self.parts.settings, model):
            raise unknown_path()
        if verb == "countTokens":
            return await self.small.count(request, caller, model)
        if verb == "generateContent":
            return await self.generate.answer(request, caller, model, None)
        if verb == "streamGenerateContent":
            return await self.generate.answer(request, caller, model, stream)
        raise unknown_path()

    def _shown(self, request: web.Request, model: str | None) -> web.Response:
        """The list of models, or one of it."""
        if request.method != "GET":
            raise unknown_path()
        shown = cards(self.parts.settings)
        if model is None:
            return web.Response(body=orjson.dumps({"models": shown}), content_type="application/json")
        card = next((one for one in shown if one["name"] == f"models/{model}"), None)
        if card is None:
            raise unknown_path()
        return web.Response(body=orjson.dumps(card), content_type="application/json")
