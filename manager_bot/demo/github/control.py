"""The control API of the emulated GitHub, mounted by the world under ``/world/github``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from manager_bot.demo.control.bodies import Body, read_body, refuse
from manager_bot.demo.github.state import FAULT_KINDS, App, Fault, GitHubState

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def github_control_routes(state: GitHubState) -> list[web.RouteDef]:
    """Routes with absolute paths, for the world's application."""
    control = _Control(state)
    return [
        web.post("/world/github/apps", control.register),
        web.get("/world/github/accounts", control.accounts),
        web.post("/world/github/accounts", control.join),
        web.get("/world/github/accounts/{login}", control.account),
        web.post("/world/github/accounts/{login}/withdraw", control.withdraw),
        web.post("/world/github/faults", control.fault),
        web.delete("/world/github/faults", control.clear_faults),
        web.get("/world/github/calls", control.calls),
    ]


class _Control:
    """The changes and views, over one state."""

    def __init__(self, state: GitHubState) -> None:
        self._state = state

    async def register(self, request: web.Request) -> web.Response:
        body = (await read_body(request)).known("client_id", "client_secret", "callback")
        self._state.register(App(body.text("client_id"), body.text("client_secret"), body.text("callback")))
        return web.Response(status=204)

    async def join(self, request: web.Request) -> web.Response:
        body = (await read_body(request)).known("login", "name", "emails", "verified")
        verified = body.flag("verified", default=True)
        account = self._state.join(body.text("login"), body.text_or_none("name"), _emails(body), verified=verified)
        return web.json_response(self._state.view(account))

    async def accounts(self, _: web.Request) -> web.Response:
        return web.json_response([self._state.view(one) for one in self._state.accounts.values()])

    async def account(self, request: web.Request) -> web.Response:
        return web.json_response(self._state.view(self._state.account(request.match_info["login"])))

    async def withdraw(self, request: web.Request) -> web.Response:
        """As if the person had revoked every application in their GitHub settings."""
        count = self._state.withdraw(self._state.account(request.match_info["login"]))
        return web.json_response({"tokens": count})

    async def fault(self, request: web.Request) -> web.Response:
        body = (await read_body(request)).known("kind", "path", "status", "count", "delay")
        kind = next((one for one in FAULT_KINDS if one == body.text("kind")), None)
        if kind is None:
            raise refuse(400, f"kind must be one of {', '.join(FAULT_KINDS)}")
        fault = Fault(kind, body.text_or_none("path") or "*")  # type: ignore[arg-type]  # checked above
        fault.status = body.whole_or_none("status") or fault.status
        fault.count = body.whole_or_none("count")
        fault.delay = body.number("delay", 0.0)
        self._state.faults.append(fault)
        return web.Response(status=204)

    async def clear_faults(self, _: web.Request) -> web.Response:
        self._state.faults.clear()
        return web.Response(status=204)

    async def calls(self, _: web.Request) -> web.Response:
        """Every request so far: method, path, status."""
        return web.json_response(self._state.calls)


def _emails(body: Body) -> tuple[str, ...]:
    value = body.values.get("emails") or []
    if not isinstance(value, list) or not all(isinstance(one, str) and "@" in one for one in value):
        raise refuse(400, "emails must be a list of addresses")
    return tuple(value)
