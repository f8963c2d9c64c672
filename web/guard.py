"""What stands between strangers and the handlers: addresses, rates, headers, plain error pages."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from web.assets import CSP

log = structlog.get_logger(__name__)

Networks = Sequence[IPv4Network | IPv6Network]
HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Server": "ClawBot",
}
HSTS: Final = "max-age=31536000"
REMEMBERED: Final = 20_000
"""Addresses whose rate is remembered; the longest unseen are forgotten first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests an address may make: *burst* at once, then so many a second."""

    burst: float
    per_second: float


READING: Final = Rate(60, 4)
SIGNING_IN: Final = Rate(30, 0.5)
"""A sign-in takes three requests, and many people may share an address."""


@dataclass(slots=True)
class RateLimit:
    """Token buckets by address."""

    rate: Rate
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait(self, address: str, now: float) -> float:
        """Seconds to wait before the next request; 0 admits this one. *now* in monotonic seconds."""
        left, seen = self._buckets.pop(address, (self.rate.burst, now))
        left = min(self.rate.burst, left + (now - seen) * self.rate.per_second)
        admitted = left >= 1
        self._buckets[address] = (left - 1 if admitted else left, now)
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return 0.0 if admitted else (1 - left) / self.rate.per_second


def client_address(peer: str | None, forwarded: Sequence[str], trusted: Networks) -> str:
    """The address a request comes from; *forwarded* are its ``X-Forwarded-For`` headers.

    Only what our own proxies added is believed: from the right, past the trusted ones, the first other address is the
    client's. IPv6 is cut to the /64 one customer gets, or a single one would have endless buckets.
    """
    hops = [one.strip() for line in forwarded for one in line.split(",")]
    address = peer or ""
    while _within(address, trusted) and hops:
        address = hops.pop()
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return peer or "unknown"
    if isinstance(number, ipaddress.IPv6Address):
        number = number.ipv4_mapped or number
    return str(number) if number.version == 4 else str(IPv6Network((int(number) >> 64 << 64, 64)))


def _within(address: str, networks: Networks) -> bool:
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(number.version == network.version and number in network for network in networks)


def rate_limited(trusted: Networks) -> Middleware:
    """429 for an address that asks too often; signing in has a rate of its own."""
    reading, signing_in = RateLimit(READING), RateLimit(SIGNING_IN)

    @web.middleware
    async def limited(request: web.Request, handler: Handler) -> web.StreamResponse:
        address = client_address(request.remote, request.headers.getall("X-Forwarded-For", []), trusted)
        limit = signing_in if request.path.startswith("/oauth/") else reading
        wait = limit.wait(address, time.monotonic())
        if wait:
            return plain(429, {"Retry-After": str(math.ceil(wait))})
        return await handler(request)

    return limited


@web.middleware
async def errors_plain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A short answer for every error; what went wrong inside stays inside."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        allow = error.headers.get("Allow")
        return plain(error.status, {"Allow": allow} if allow else None)
    except TimeoutError:
        return plain(408)
    except Exception:
        log.exception("web_failed", path=request.path)
        return plain(500)


def plain(status: int, headers: dict[str, str] | None = None) -> web.Response:
    """An error in one line; the connection ends where the request may not have been read to its end."""
    text = f"{status} {HTTPStatus(status).phrase}\n"
    answer = web.Response(status=status, text=text, headers={"Cache-Control": "no-store", **(headers or {})})
    if status in {408, 413, 429}:
        answer.force_close()
    return answer


def header_setter(*, secure: bool) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """The security headers, on every answer; *secure* where browsers reach us by HTTPS."""

    async def set_headers(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        if secure:
            response.headers["Strict-Transport-Security"] = HSTS

    return set_headers
