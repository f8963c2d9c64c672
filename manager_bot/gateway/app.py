"""The gateway as one aiohttp application, and its life."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from manager_bot.errors import OperatorError
from manager_bot.gateway.gemini.door import GeminiDoor
from manager_bot.gateway.gemini.fallback import Models
from manager_bot.gateway.gemini.generate import Generate
from manager_bot.gateway.gemini.pipeline import Pipeline
from manager_bot.gateway.gemini.small import Small
from manager_bot.gateway.gemini.summaries import Summariser
from manager_bot.gateway.gemini.upstream import Gemini
from manager_bot.gateway.metrics import Meter
from manager_bot.gateway.parts import PARTS, Parts
from manager_bot.gateway.telegram.door import TelegramDoor
from manager_bot.gateway.telegram.polls import Polls
from manager_bot.gateway.telegram.sentry import Sentry
from manager_bot.gateway.telegram.sleepers import Sleepers
from manager_bot.gateway.telegram.upstream import Telegram
from manager_bot.gateway.telegram.watch import Watch

DRAIN: Final = 30.0
"""Seconds open answers have at the end."""
GONE: Final = 499
"""How a request is counted whose sender left before its answer began."""
POLLS: Final = web.AppKey("gateway_polls", Polls)
MODELS: Final = web.AppKey("gateway_models", Models)
WATCH: Final = web.AppKey("gateway_watch", Watch)
SLEEPERS: Final = web.AppKey("gateway_sleepers", Sleepers)
log = structlog.get_logger(__name__)


def build_gateway(parts: Parts) -> web.Application:
    """Both doors. Run it with ``handler_cancellation``, so that an agent that leaves ends its call upstream."""
    telegram = Telegram(parts.settings.telegram_api_root, parts.session)
    polls = Polls(telegram, parts.sightings, parts.presence)
    sleepers = Sleepers(parts, polls, Sentry(parts, telegram))
    parts.presence.stirred = sleepers.stirred
    gemini = Gemini(
        parts.settings.gemini_api_root, parts.settings.gemini_api_key, parts.session, parts.meter, parts.rate
    )
    models = Models(parts, gemini)
    generate = Generate(parts, models, Pipeline(parts, Summariser(parts, models)))
    gemini_door = GeminiDoor(parts, generate, Small(parts, gemini))
    app = web.Application(middlewares=[_quiet])
    app[PARTS], app[POLLS], app[WATCH], app[MODELS] = parts, polls, Watch(parts, telegram, polls), models
    app[SLEEPERS] = sleepers
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/metrics", _metrics)
    app.router.add_route("*", "/gemini/{tail:.*}", gemini_door.handle)
    app.router.add_route("*", "/telegram/{tail:.*}", TelegramDoor(parts, telegram, polls).handle)
    return app


async def _healthz(_: web.Request) -> web.Response:
    """The process serves."""
    return web.Response(text="ok")


async def _metrics(request: web.Request) -> web.Response:
    """For a Prometheus on this host alone: who comes over the agents' bridge finds nothing here."""
    if not _is_loopback(request):
        raise web.HTTPNotFound
    exposed = await asyncio.to_thread(_exposition)
    return web.Response(body=exposed(request.app[PARTS].meter), headers={"Content-Type": "text/plain; version=0.0.4"})


def _exposition() -> Callable[[Meter], bytes]:
    from manager_bot.gateway.exposition import exposed  # noqa: PLC0415 - for those who have a Prometheus; it takes 50 ms

    return exposed


def _is_loopback(request: web.Request) -> bool:
    """Whether both ends of the connection are on the loopback interface; headers have no say."""
    if request.transport is None:
        return False
    ends = (request.transport.get_extra_info("sockname"), request.transport.get_extra_info("peername"))
    return all(isinstance(end, tuple) and ip_address(end[0]).is_loopback for end in ends)


@web.middleware
async def _quiet(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every request is counted; a fault of ours becomes a plain 500 and a line without the path, which holds a key."""
    meter, began, code = request.app[PARTS].meter, time.perf_counter(), GONE
    meter.open += 1
    try:
        response = await handler(request)
    except web.HTTPException as error:
        code = error.status
        raise
    except Exception as error:
        log.exception("gateway.fault", door=request.path.split("/")[1], error=type(error).__name__)
        code = 500
        return web.Response(status=code, text="Internal Server Error")
    else:
        code = response.status
        return response
    finally:
        meter.open -= 1
        meter.request(request.raw_path, code, time.perf_counter() - began)


@dataclass(slots=True)
class Gateway:
    """Listens on the agents' bridge and on loopback, nowhere else. The session in *parts* is the caller's to close."""

    parts: Parts
    drain: float = DRAIN
    _runner: web.AppRunner | None = field(default=None)
    _looking: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def watch(self) -> Watch:
        """The look after agents nobody polls for; raises :class:`RuntimeError` before the start."""
        if self._runner is None:
            raise RuntimeError("the gateway is not started")
        return self._runner.app[WATCH]

    async def start(self) -> None:
        """Book what an earlier run left open, then listen; raises :class:`OperatorError` where it cannot."""
        left = await self.parts.budgets.recover()
        if left:
            log.info("gateway.recovered", holds=left)
        app = build_gateway(self.parts)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=self.drain, access_log=None)
        await self._runner.setup()
        await app[MODELS].resume()
        for host in dict.fromkeys((self.parts.settings.gateway_address, "127.0.0.1")):
            await self._listen(self._runner, host)
        self._looking = [asyncio.create_task(app[WATCH].run()), asyncio.create_task(app[SLEEPERS].run())]

    async def _listen(self, runner: web.AppRunner, host: str) -> None:
        port = self.parts.settings.gateway_port
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await self.stop()
            raise OperatorError(
                f"The gateway cannot listen on {host}:{port} ({error.strerror}): "
                "set CLAWBOT_GATEWAY_PORT, or CLAWBOT_GATEWAY_HOST to an address of this host"
            ) from None

    async def stop(self) -> None:
        """Send agents home from their polls, let open answers end (30 s), book everything."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        self._looking.clear()
        if self._runner is not None:
            self._runner.app[POLLS].end_all()
            await self._runner.app[SLEEPERS].end_all()
            await self._runner.cleanup()
            self._runner = None
        await self.parts.closing.wait()
