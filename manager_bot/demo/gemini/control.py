"""The control API of the emulated Gemini, mounted by the world under `/world/gemini`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from manager_bot.demo.gemini.catalogue import Model, Thinking, guess
from manager_bot.demo.gemini.script import parse_fault, parse_script
from manager_bot.demo.gemini.state import GeminiState

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def gemini_control_routes(state: GeminiState) -> list[web.RouteDef]:
    """Routes with absolute paths, for the world's application."""
    control = _Control(state)
    return [
        web.post("/world/gemini/script", _told(control.script)),
        web.delete("/world/gemini/script", _told(control.clear_script)),
        web.post("/world/gemini/fault", _told(control.fault)),
        web.delete("/world/gemini/fault", _told(control.clear_faults)),
        web.post("/world/gemini/keys", _told(control.add_key)),
        web.delete("/world/gemini/keys", _told(control.revoke_key)),
        web.put("/world/gemini/models", _told(control.set_models)),
        web.put("/world/gemini/pace", _told(control.set_pace)),
        web.post("/world/gemini/reset", _told(control.reset)),
        web.get("/world/gemini/served", control.served),
        web.get("/world/gemini/totals", control.totals),
        web.get("/world/gemini/requests", control.requests),
    ]


def _told(change: Callable[[dict[str, Any]], None]) -> Handler:
    """A handler that applies a JSON object and answers 204, or 400 with the reason."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            change(await request.json() if request.can_read_body else {})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.Response(status=204)

    return handle


def _model(given: str | dict[str, Any]) -> Model:
    """An id, or an object that says which of its family's traits differ (`thinking`, `signatures` …)."""
    if isinstance(given, str):
        return guess(given)
    thinking = {"thinking": Thinking(given["thinking"])} if "thinking" in given else {}
    return replace(guess(str(given["id"])), **{**given, **thinking})


class _Control:
    """The changes and views, over one state."""

    def __init__(self, state: GeminiState) -> None:
        self._state = state

    def script(self, given: dict[str, Any]) -> None:
        self._state.scripts.append(parse_script(given))

    def clear_script(self, _: dict[str, Any]) -> None:
        self._state.scripts.clear()

    def fault(self, given: dict[str, Any]) -> None:
        self._state.faults.append(parse_fault(given))

    def clear_faults(self, _: dict[str, Any]) -> None:
        self._state.faults.clear()

    def add_key(self, given: dict[str, Any]) -> None:
        self._state.add_keys([str(given["key"])])

    def revoke_key(self, given: dict[str, Any]) -> None:
        self._state.revoke(str(given["key"]))

    def set_models(self, given: dict[str, Any]) -> None:
        models = [_model(one) for one in given["models"]]
        self._state.models = {model.id: model for model in models}

    def set_pace(self, given: dict[str, Any]) -> None:
        self._state.pace = float(given["seconds"])

    def reset(self, _: dict[str, Any]) -> None:
        self._state.reset()

    async def served(self, request: web.Request) -> web.Response:
        """The ledger's rows, those after `?after=` only."""
        after = int(request.query.get("after", "0"))
        return web.json_response({"served": [row.json() for row in self._state.ledger.rows if row.number > after]})

    async def totals(self, _: web.Request) -> web.Response:
        """Sums by key fingerprint and model."""
        return web.json_response({"totals": self._state.ledger.totals()})

    async def requests(self, request: web.Request) -> web.Response:
        """The last `?n=` request bodies, parsed, with the number of their row."""
        wanted = max(1, int(request.query.get("n", "20")))
        kept = list(self._state.ledger.bodies)[-wanted:]
        return web.json_response({"requests": [{"number": number, "body": body} for number, body in kept]})
