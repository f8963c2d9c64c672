"""Where the application keeps what its handlers need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiohttp import web

from manager_bot.texts import Texts

TEXTS: Final = web.AppKey("texts", Texts)
MANAGER: Final[web.AppKey[Callable[[], str]]] = web.AppKey("manager")
SECURE: Final = web.AppKey("secure", bool)
