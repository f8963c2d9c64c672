"""One aiohttp application, mounted by the world under ``/github``: the web root, with the API below ``/api``."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from manager_bot.demo.github.api import Api, problem
from manager_bot.demo.github.signin import SignIn, page
from manager_bot.demo.github.state import GitHubState

_LOST = "<h1>404</h1><p>This is not the web page you are looking for.</p>"


def build_github(state: GitHubState) -> web.Application:
    """The application; `CLAWBOT_GITHUB_ROOT` is where it is mounted, `CLAWBOT_GITHUB_API_ROOT` is `/api` below."""
    app = web.Application(middlewares=[_watched(state)])
    app.router.add_routes(SignIn(state).routes())
    app.router.add_routes(Api(state).routes())
    app.router.add_route("*", "/{tail:.*}", _unknown)
    return app


async def _unknown(request: web.Request) -> web.StreamResponse:
    if "/api/" in request.path:
        raise problem(404, "Not Found")
    return page(404, "Not Found", _LOST)


def _watched(state: GitHubState) -> Middleware:
    """Writes the ledger (no secret in it), strikes with faults, and refuses who does not name themselves."""

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = "/" + request.path.partition("/github/")[2]
        call: dict[str, object] = {"method": request.method, "path": path, "status": 0}
        state.calls.append(call)
        response: web.StreamResponse | None = await _struck(state, request, path)
        try:
            if path.startswith("/api/") and not request.headers.get("User-Agent"):
                raise problem(403, "Request forbidden by administrative rules. Make sure it has a User-Agent header.")
            response = response or await handler(request)
        except web.HTTPException as error:
            call["status"] = error.status
            raise
        call["status"] = response.status
        return response

    return watch


async def _struck(state: GitHubState, request: web.Request, path: str) -> web.Response | None:
    """What a fault answers in place of GitHub; nothing where there is none, or it only makes one wait."""
    fault = state.take_fault(path)
    if fault is None:
        return None
    await asyncio.sleep(fault.delay)
    if fault.kind == "drop" and request.transport is not None:
        request.transport.abort()
        raise ConnectionResetError
    if fault.kind == "html":
        return page(fault.status, "Unicorn!", "<p>No server is currently available to service your request.</p>")
    return web.json_response({"message": "Server Error"}, status=fault.status) if fault.kind == "error" else None
