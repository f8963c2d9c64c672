"""The Telegram door's one handler: who, what, with which parameters, and the answer back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.limits import TooBusy
from manager_bot.gateway.parts import Parts
from manager_bot.gateway.telegram.bodies import MULTIPART, read_params
from manager_bot.gateway.telegram.files import send_file
from manager_bot.gateway.telegram.methods import Method, check, method_of
from manager_bot.gateway.telegram.polls import PassedError, Polls
from manager_bot.gateway.telegram.replies import Refused, done, unauthorized, unknown
from manager_bot.gateway.telegram.uploads import Upload
from manager_bot.gateway.telegram.upstream import UPLOAD_IN, Answer, Telegram

_CALL: Final = re.compile(r"/telegram/bot([0-9]{1,20}):([A-Za-z0-9_-]{16,128})/([A-Za-z]{1,64})")
_FILE: Final = re.compile(
    r"/telegram/file/bot([0-9]{1,20}):([A-Za-z0-9_-]{16,128})/([A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,4})"
)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TelegramDoor:
    """Relays an agent's calls to its own bot."""

    parts: Parts
    telegram: Telegram
    polls: Polls

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request below ``/telegram/``. The path is matched as it was sent: nothing is decoded, nothing pasted."""
        path, _, query = request.raw_path.partition("?")
        try:
            if call := _CALL.fullmatch(path):
                caller, method = await self._caller(call[1], call[2]), method_of(call[3])
                if method.name == "getUpdates":
                    return await self._call(request, caller, method, query)
                with self.parts.presence.at_door(caller.agent_id):
                    return await self._call(request, caller, method, query)
            if file := _FILE.fullmatch(path):
                caller = await self._caller(file[1], file[2])
                with self.parts.telegram_limits.share(caller.agent_id), self.parts.presence.at_door(caller.agent_id):
                    return await send_file(request, self.telegram, caller, file[3])
            raise unknown()
        except Refused as refused:
            return refused.response()
        except TooBusy as busy:
            text = f"Too Many Requests: retry after {busy.retry_after}"
            return Refused(429, text, busy.retry_after).response()
        except PassedError as passed:
            return _relayed(passed.answer, passed.answer.body)

    async def _caller(self, bot_id: str, key: str) -> Caller:
        caller = await self.parts.callers.find(key)
        if caller is None or str(caller.bot_id) != bot_id:
            raise unauthorized()
        if not caller.is_active:
            raise Refused(403, "Forbidden: this agent is suspended; its owner can ask the manager bot why")
        return caller

    async def _call(self, request: web.Request, caller: Caller, method: Method, query: str) -> web.StreamResponse:
        if request.method not in {"GET", "POST"}:
            raise unknown()
        with self.parts.telegram_limits.share(caller.agent_id):
            if request.content_type == MULTIPART:
                answer = await self._upload(request, caller, method, query)
                return await self._answered(caller, method, answer)
            params = await read_params(request, query)
            check(method, params.values, caller.people)
        if method.name == "deleteWebhook":
            return done(result=True)
        if method.name == "getUpdates":
            return await self._poll(caller, params.values)
        if method.name == "getMe":
            self.parts.sightings.started(caller.agent_id)
        with self.parts.telegram_limits.share(caller.agent_id):
            answer = await self.telegram.call(
                caller.bot_token, method.name, params.values or None, content_type=params.content_type
            )
        return await self._answered(caller, method, answer)

    async def _poll(self, caller: Caller, params: dict[str, object]) -> web.Response:
        try:
            body = await self.polls.poll(caller, params)
        except PassedError as passed:
            return await self._answered(caller, method_of("getUpdates"), passed.answer)
        return web.Response(body=body, content_type="application/json")

    async def _upload(self, request: web.Request, caller: Caller, method: Method, query: str) -> Answer:
        if query or method.name in {"getUpdates", "deleteWebhook"}:
            raise Refused(400, "Bad Request: a call with files takes its parameters from its body")
        upload = Upload(method, caller.people)
        try:
            return await self.telegram.call(
                caller.bot_token,
                method.name,
                upload.stream(request),
                content_type=upload.content_type,
                within=UPLOAD_IN,
            )
        except Refused:
            raise upload.refused or Refused(502, "Bad Gateway: Telegram did not take the file") from None

    async def _answered(self, caller: Caller, method: Method, answer: Answer) -> web.Response:
        """Note what the answer says about the bot, and pass it on without the real token, wherever that may stand."""
        if answer.status == 401:
            await self._refused_token(caller)
        elif answer.status == 200 and method.needs_chat:
            await self.parts.sightings.active(caller.agent_id)
        real = caller.bot_token.get_secret_value().encode()
        return _relayed(answer, answer.body.replace(real, b"(token)"))

    async def _refused_token(self, caller: Caller) -> None:
        """Revoked, unless the token was replaced while we were asking with the old one."""
        now = await self.parts.callers.reload(caller.agent_id)
        if now is not None and now.bot_token == caller.bot_token:
            log.warning("telegram_door.token_refused", agent_id=caller.agent_id)
            await self.parts.sightings.revoked(caller.agent_id)


def _relayed(answer: Answer, body: bytes) -> web.Response:
    return web.Response(status=answer.status, body=body, content_type="application/json")
