"""The application: its routes, and nothing but its routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import aiohttp_jinja2
import jinja2
from aiohttp import web

from manager_bot.config import Settings
from manager_bot.services.links import Links
from manager_bot.services.status import StatusBoard
from manager_bot.texts import Texts
from web.assets import TEMPLATES
from web.guard import errors_plain, header_setter, rate_limited
from web.keys import MANAGER, SECURE, TEXTS
from web.signin import CALLBACK, START, SignIn
from web.status import FRESH_SECONDS, StatusPages

LARGEST_BODY: Final = 16 * 1024
"""Bytes; the only body there is holds one button and one number."""


@dataclass(frozen=True, slots=True)
class WebParts:
    """What the web component needs of the rest of the house.

    Without *links* (GitHub is not configured) the sign-in's routes do not exist. *manager* names the manager bot, once
    it is known.
    """

    settings: Settings
    texts: Texts
    board: StatusBoard
    manager: Callable[[], str]
    links: Links | None = None
    fresh_seconds: float = FRESH_SECONDS


def build_web(parts: WebParts) -> web.Application:
    """The whole component as one application."""
    secure = parts.settings.public_url.startswith("https://")
    app = web.Application(
        client_max_size=LARGEST_BODY, middlewares=[errors_plain, rate_limited(parts.settings.trusted_proxies)]
    )
    aiohttp_jinja2.setup(
        app, loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    app[TEXTS], app[MANAGER], app[SECURE] = parts.texts, parts.manager, secure
    pages = StatusPages(parts.board, parts.texts, parts.fresh_seconds)
    app.on_response_prepare.append(header_setter(secure=secure))
    app.router.add_get("/", pages.page)
    app.router.add_get("/status.json", pages.json)
    app.router.add_get("/healthz", _healthz)
    if parts.links is not None:
        sign_in = SignIn(parts.links)
        app.router.add_get(START, sign_in.start, allow_head=False)
        app.router.add_get(CALLBACK, sign_in.callback, allow_head=False)
        app.router.add_post(CALLBACK, sign_in.answer)
    return app


async def _healthz(_: web.Request) -> web.Response:
    """Alive; asks nothing of anyone."""
    return web.Response(text="ok\n")
