"""Listening: sockets, slow clients, orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_protocol import RequestHandler

from manager_bot.errors import OperatorError
from web.app import WebParts, build_web
from web.guard import HEADERS, plain

log = structlog.get_logger(__name__)

REST_SECONDS: Final = 15.0
"""How long a connection may be open without a complete request: between two, and before the first."""
DRAIN_SECONDS: Final = 30.0
MOST_CONNECTIONS: Final = 1000


@dataclass(slots=True)
class Doorkeeper:
    """Ends connections on which nobody asks anything: a client that sends its request byte by byte, or never."""

    rest_seconds: float = REST_SECONDS
    most: int = MOST_CONNECTIONS
    _busy: set[object] = field(default_factory=set)
    _since: dict[RequestHandler, float] = field(default_factory=dict)

    def middleware(self) -> Middleware:
        """Counts a connection as busy while a request of its is being answered."""

        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._busy.add(request.protocol)
            try:
                return await handler(request)
            finally:
                self._busy.discard(request.protocol)
                self._since[request.protocol] = time.monotonic()

        return count

    async def run(self, server: web.Server) -> None:
        """Look every second until cancelled."""
        while True:
            await asyncio.sleep(min(1.0, self.rest_seconds / 3))
            self._look(server)

    def _look(self, server: web.Server) -> None:
        now = time.monotonic()
        open_now = server.connections
        self._since = {one: self._since.get(one, now) for one in open_now}
        resting = sorted((one for one in open_now if one not in self._busy), key=self._since.__getitem__)
        surplus = max(0, len(open_now) - self.most)
        for at, connection in enumerate(resting):
            if (at < surplus or now - self._since[connection] > self.rest_seconds) and connection.transport:
                connection.transport.abort()


class PlainHandler(RequestHandler):
    """Answers what is no HTTP as every other error: in one line that names neither the program nor what was sent."""

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - nothing of it is repeated
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's words, which quote the request
    ) -> web.StreamResponse:
        """Strangers' garbage is no event of ours: it is not logged, but for our own defects."""
        if status >= 500:
            log.error("web_failed", error=type(exc).__name__)
        answer = plain(status, dict(HEADERS))
        answer.force_close()
        return answer


class _PlainServer(web.Server):
    def __call__(self) -> RequestHandler:
        return PlainHandler(self, loop=self._loop, **self._kwargs)


class _PlainRunner(web.AppRunner):
    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _PlainServer(made.request_handler, request_factory=made.request_factory, **self._kwargs)


@dataclass(slots=True)
class Web:
    """The web component, from start to stop."""

    parts: WebParts
    doorkeeper: Doorkeeper = field(default_factory=Doorkeeper)
    _runner: web.AppRunner | None = field(default=None, init=False)
    _looking: asyncio.Task[None] | None = field(default=None, init=False)

    @property
    def port(self) -> int:
        """Where it listens, once it does."""
        assert self._runner is not None, "not started"  # noqa: S101
        return int(self._runner.addresses[0][1])

    async def start(self, port: int | None = None) -> None:
        """Listen on the configured address (or *port*, 0 for a free one); raises :class:`OperatorError`."""
        settings = self.parts.settings
        app = build_web(self.parts)
        app.middlewares.insert(0, self.doorkeeper.middleware())
        self._runner = _PlainRunner(
            app, access_log=None, keepalive_timeout=REST_SECONDS, shutdown_timeout=DRAIN_SECONDS, lingering_time=2.0
        )
        await self._runner.setup()
        wanted = settings.web_port if port is None else port
        try:
            await web.TCPSite(self._runner, settings.web_host, wanted, backlog=512).start()
        except OSError as error:
            await self._runner.cleanup()
            raise OperatorError(
                f"port {wanted} of {settings.web_host} cannot be used ({error.strerror}): set CLAWBOT_WEB_PORT"
            ) from None
        assert self._runner.server is not None  # noqa: S101 - set by setup()
        self._looking = asyncio.create_task(self.doorkeeper.run(self._runner.server))
        log.info("web_listens", host=settings.web_host, port=self.port)

    async def stop(self) -> None:
        """Take no new connection, finish open answers for 30 s at most, close."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        if self._runner is not None:
            await self._runner.cleanup()
