"""Serving the page's files: an allow-list read from its own folder, and a policy that permits nothing foreign."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiohttp import web

_FOLDER: Final = Path(__file__).parent / "assets"
_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def build_page() -> list[web.RouteDef]:
    """`GET /` and `GET /page/{file}`."""
    return [web.get("/", _index), web.get("/page/{name}", _asset)]


def _serve(name: str) -> web.Response:
    file = _FOLDER / name
    return web.Response(body=file.read_bytes(), content_type=_TYPES[file.suffix], charset="utf-8", headers=_HEADERS)


async def _index(_: web.Request) -> web.Response:
    return _serve("index.html")


async def _asset(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in {file.name for file in _FOLDER.iterdir()}:
        raise web.HTTPNotFound
    return _serve(name)
