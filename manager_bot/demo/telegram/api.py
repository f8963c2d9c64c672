"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import structlog
from aiohttp import web

from manager_bot.demo.telegram.bots import TOKEN, Bot
from manager_bot.demo.telegram.errors import ApiError, not_emulated, not_found, unauthorized
from manager_bot.demo.telegram.faults import Fault
from manager_bot.demo.telegram.methods import Call, find_method
from manager_bot.demo.telegram.redact import redact
from manager_bot.demo.telegram.requests import Parameters, build_method, read_parameters
from manager_bot.demo.telegram.state import Telegram

log = structlog.get_logger(__name__)
BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n"
)


@dataclass(frozen=True, slots=True)
class BotApi:
    """The two public doors of the emulated Telegram."""

    telegram: Telegram

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/telegram/bot{token}/{method}", self.call),
            web.get("/telegram/file/bot{token}/{path:.+}", self.download),
            web.route("*", "/telegram/{rest:.*}", self.nothing),
        ]

    async def nothing(self, _: web.Request) -> web.Response:
        return web.json_response(not_found().body(), status=404)

    async def download(self, request: web.Request) -> web.Response:
        """A file's bytes, for the bot whose getFile named the path; a fault for it is one of method "file"."""
        named = self._named(request.match_info["token"])
        fault = self.telegram.faults.strike("file", named.id if named else None, named.username if named else None)
        try:
            if fault:
                await self._suffer(request, fault)
            bot = self.telegram.bots.authenticate(request.match_info["token"])
            file = self.telegram.files.fetch(bot.id, request.match_info["path"])
        except ApiError as error:
            return web.json_response(error.body(), status=error.code)
        except _Garbage as garbage:
            return garbage.response
        return web.Response(body=file.upload.data, content_type="application/octet-stream")

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One call from fault to transcript."""
        started, at = time.perf_counter(), self.telegram.clock.now()
        token, name = request.match_info["token"], request.match_info["method"]
        bot = self._named(token)
        fault = self.telegram.faults.strike(name, bot.id if bot else None, bot.username if bot else None)
        parameters = Parameters({}, {})
        status, body = 200, dict[str, object]()
        try:
            if fault and fault.when == "before":
                await self._suffer(request, fault)
            parameters = await read_parameters(request)
            result = await self._answer(token, name, parameters)
            body = {"ok": True, "result": result}
            if fault and fault.when == "after":
                await self._suffer(request, fault)
        except ApiError as error:
            status, body = error.code, error.body()
        except web.HTTPRequestEntityTooLarge:
            status, body = 413, ApiError(413, "Request Entity Too Large").body()
        except asyncio.CancelledError:
            status, body = 499, {"description": "client disconnected"}
            raise
        except _Garbage as garbage:
            status, body = 502, {"description": "HTML instead of JSON"}
            return garbage.response
        except Exception as error:
            log.error("emulated method failed", method=redact(name), error=redact(repr(error)))  # noqa: TRY400 - a traceback may hold a token
            status, body = 500, ApiError(500, "Internal Server Error").body()
        finally:
            files = {key: f"<{len(upload.data)} bytes>" for key, upload in parameters.files.items()}
            self.telegram.transcript.add(
                at=at,
                bot=(bot.id, bot.username) if bot else None,
                method=name,
                parameters=parameters.values | files,
                status=status,
                description=str(body["description"]) if "description" in body else None,
                seconds=time.perf_counter() - started,
            )
        return web.json_response(body, status=status)

    async def _answer(self, token: str, name: str, parameters: Parameters) -> object:
        bot = self.telegram.bots.authenticate(token)
        if bot.logged_out:
            raise ApiError(400, "Logged out")
        kind, handler = find_method(name)
        if kind is None:
            raise not_found()
        if handler is None:
            raise not_emulated(f"method {kind.__api_method__}")
        method = build_method(kind, parameters)
        return await handler(Call(self.telegram, bot, parameters.files), method)

    def _named(self, token: str) -> Bot | None:
        """Whose token this claims to be: for faults and the transcript, not for access."""
        number = token.partition(":")[0]
        return self.telegram.bots.by_id.get(int(number)) if TOKEN.fullmatch(token) else None

    async def _suffer(self, request: web.Request, fault: Fault) -> None:
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.kind == "error":
            raise ApiError(fault.status, fault.description, retry_after=fault.retry_after)
        if fault.kind == "unauthorized":
            raise unauthorized()
        if fault.kind == "html":
            raise _Garbage(web.Response(text=BAD_GATEWAY, status=502, content_type="text/html"))
        if fault.kind == "drop":
            if request.transport is not None:
                request.transport.close()
            raise _Garbage(web.Response(status=502))


class _Garbage(Exception):
    """An answer that is not the Bot API's."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response
