"""All routes of the control API, and the middleware around them."""

from __future__ import annotations

import ipaddress

from aiohttp import web
from aiohttp.typedefs import Handler

from manager_bot.demo.control.bodies import refuse
from manager_bot.demo.control.chats import ChatRoutes
from manager_bot.demo.control.observing import Observing
from manager_bot.demo.control.registers import Registers
from manager_bot.demo.telegram.acts import Acts
from manager_bot.demo.telegram.errors import ApiError
from manager_bot.demo.telegram.state import Telegram


def control_routes(telegram: Telegram) -> list[web.RouteDef]:
    registers = Registers(telegram)
    return [
        *registers.routes(),
        *ChatRoutes(registers, Acts(telegram)).routes(),
        *Observing(telegram).routes(),
    ]


def _is_local(request: web.Request) -> bool:
    """Asked for by number or as localhost: a foreign name that points here is a trick on a visitor's browser."""
    try:
        ipaddress.ip_address(request.url.host or "")
    except ValueError:
        return request.url.host == "localhost"
    return True


@web.middleware
async def guard_control(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Words for impossible wishes; no foreign web page may steer the world through a visitor's browser."""
    if not request.path.startswith("/world"):
        return await handler(request)
    origin = request.headers.get("Origin")
    if not _is_local(request) or (origin is not None and origin.partition("://")[2] != request.host):
        raise refuse(403, "the world takes no orders from another site")
    try:
        return await handler(request)
    except ValueError as error:
        raise refuse(400, str(error)) from None
    except ApiError as error:
        raise refuse(400, error.description) from None
