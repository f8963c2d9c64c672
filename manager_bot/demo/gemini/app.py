"""The REST surface: one aiohttp application, mounted by the world under `/gemini`."""

from __future__ import annotations

import asyncio
from typing import Final

import orjson
from aiohttp import web

from manager_bot.demo.gemini import embed, generate
from manager_bot.demo.gemini.catalogue import Model
from manager_bot.demo.gemini.errors import (
    GoogleError,
    JsonObject,
    Violation,
    bad_fields,
    bad_request,
    bearer_refused,
    key_expired,
    key_invalid,
    key_missing,
    model_unknown,
)
from manager_bot.demo.gemini.exchange import Exchange
from manager_bot.demo.gemini.schema import check
from manager_bot.demo.gemini.state import GeminiState
from manager_bot.demo.gemini.wire import CallerLeft, Wire, error_response

STATE: Final = web.AppKey("gemini_state", GeminiState)
MAX_BODY: Final = 20 * 1024 * 1024
"""Google refuses larger requests with inline data."""

_MESSAGES: Final = {
    "generateContent": "GenerateContentRequest",
    "streamGenerateContent": "GenerateContentRequest",
    "countTokens": "CountTokensRequest",
    "embedContent": "EmbedContentRequest",
    "batchEmbedContents": "BatchEmbedContentsRequest",
}
_HANDLERS: Final = {
    "generateContent": generate.whole,
    "streamGenerateContent": generate.streamed,
    "countTokens": embed.count_tokens,
    "embedContent": embed.embed_content,
    "batchEmbedContents": embed.batch_embed,
}


def build_gemini(state: GeminiState) -> web.Application:
    """The application; routes are relative to the API root (`/v1beta/models/…`)."""
    app = web.Application()
    app[STATE] = state
    app.router.add_get("/v1beta/models", list_models)
    app.router.add_get("/v1beta/models/{model}", get_model)
    app.router.add_post("/v1beta/models/{model}:{verb}", act)
    app.router.add_route("*", "/{tail:.*}", unknown_path)
    return app


def _key_of(request: web.Request) -> str:
    return request.headers.get("x-goog-api-key") or request.query.get("key", "")


def authenticate(request: web.Request, state: GeminiState) -> str:
    """The caller's valid key; raises `GoogleError`."""
    key = _key_of(request)
    if not key:
        if "Authorization" in request.headers:
            raise bearer_refused("google.ai.generativelanguage.v1beta.GenerativeService.GenerateContent")
        raise key_missing()
    if key in state.revoked:
        raise key_expired()
    if key not in state.keys:
        raise key_invalid()
    return key


def _model_of(state: GeminiState, model_id: str, verb: str) -> Model:
    model = state.models.get(model_id)
    if model is None or not model.allows(verb):
        raise model_unknown(model_id, verb)
    return model


async def list_models(request: web.Request) -> web.Response:
    """`GET models`, paged as the real one."""
    state = request.app[STATE]
    try:
        authenticate(request, state)
        size, start = int(request.query.get("pageSize", "50")), int(request.query.get("pageToken") or "0")
    except GoogleError as error:
        return error_response(error)
    except ValueError:
        return error_response(bad_request("Invalid value for page_size or page_token."))
    cards = [model.card() for model in state.models.values()]
    page: JsonObject = {"models": list(cards[start : start + size])}
    if start + size < len(cards):
        page["nextPageToken"] = str(start + size)
    return web.json_response(page)


async def get_model(request: web.Request) -> web.Response:
    """`GET models/{id}`."""
    state, model_id = request.app[STATE], request.match_info["model"]
    try:
        authenticate(request, state)
    except GoogleError as error:
        return error_response(error)
    model = state.models.get(model_id)
    if model is None:
        return error_response(GoogleError(404, f"Model is not found: models/{model_id} for api version v1beta"))
    return web.json_response(model.card())


async def unknown_path(request: web.Request) -> web.Response:
    """Google's front end answers unknown paths with a page, not with JSON."""
    text = (
        "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title><p><b>404.</b> <ins>That’s an error.</ins>"
        f"<p>The requested URL was not found on this server. <ins>That’s all we know.</ins><!-- {request.method} -->"
    )
    return web.Response(status=404, text=text, content_type="text/html")


async def act(request: web.Request) -> web.StreamResponse:
    """`POST models/{model}:{verb}`: every such request is in the ledger, refused ones too."""
    state, model_id, verb = request.app[STATE], request.match_info["model"], request.match_info["verb"]
    if verb not in _HANDLERS:
        return await unknown_path(request)
    row = state.ledger.begin(_key_of(request), model_id, verb)
    wire = Wire(request)
    listed = verb == "streamGenerateContent" and request.query.get("alt") != "sse"
    try:
        key = authenticate(request, state)
        model = _model_of(state, model_id, verb)
        body = _parsed(await _read(request), _MESSAGES[verb])
        state.ledger.bodies.append((row.number, body))
        response = await _HANDLERS[verb](Exchange(state, wire, row, model, key, body))
        state.ledger.end(row, "completed" if response.status < 300 else "refused", response.status)
    except GoogleError as error:
        state.ledger.end(row, "refused", error.code)
        return error_response(error, listed=listed)
    except (CallerLeft, ConnectionError):
        state.ledger.end(row, "cut", 499)
        return wire.stream or web.Response(status=499)
    except asyncio.CancelledError:
        state.ledger.end(row, "cut", 499)
        raise
    return response


async def _read(request: web.Request) -> bytes:
    """The body, whatever limit the mounting application has."""
    data = bytearray()
    async for piece in request.content.iter_chunked(1 << 16):
        data += piece
        if len(data) > MAX_BODY:
            raise bad_request(f"Request payload size exceeds the limit: {MAX_BODY} bytes.")
    return bytes(data)


def _parsed(data: bytes, message: str) -> JsonObject:
    try:
        body = orjson.loads(data or b"{}")
    except orjson.JSONDecodeError as error:
        line = error.doc.splitlines()[error.lineno - 1] if error.doc else ""
        text = f"Invalid JSON payload received. Unexpected token.\n{line[:80]}\n{' ' * (error.colno - 1)}^"
        raise bad_fields([Violation("", text)]) from error
    if not isinstance(body, dict):
        text = 'Invalid JSON payload received. Unknown name "": Root element must be a message.'
        raise bad_fields([Violation("", text)])
    clean, violations = check(message, body)
    if violations:
        raise bad_fields(violations)
    return clean
