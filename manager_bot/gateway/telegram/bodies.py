"""Reading an agent's parameters, from wherever the Bot API allows them, once and without ambiguity."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from manager_bot.gateway.telegram.replies import Refused

MOST_PARAMS: Final = 1024 * 1024
"""Bytes of a call without files."""
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Params:
    """Decoded parameters and the kind of body they go on as."""

    values: dict[str, object]
    content_type: str


async def read_params(request: web.Request, query: str) -> Params:
    """The parameters of a call without files; raises :class:`Refused` for what could be read in two ways."""
    kind = request.content_type if request.body_exists else ""
    raw = await read_capped(request, MOST_PARAMS)
    values: dict[str, object] = {}
    _add(values, _pairs(query))
    if raw and kind == JSON:
        document = _json(raw)
        _add(values, list(document.items()))
        return Params(values, JSON)
    if raw and kind != FORM:
        raise Refused(400, "Bad Request: unsupported content type")
    _add(values, _pairs(raw.decode("utf-8", "replace")))
    return Params(values, FORM)


async def read_capped(request: web.Request, most: int) -> bytes:
    """The body, refused (413) once it is longer than *most* bytes."""
    if (request.content_length or 0) > most:
        raise too_large()
    raw = bytearray()
    async for piece in request.content.iter_any():
        raw += piece
        if len(raw) > most:
            raise too_large()
    return bytes(raw)


def too_large() -> Refused:
    """More than Telegram or the door takes."""
    return Refused(413, "Request Entity Too Large")


def _json(raw: bytes) -> dict[str, object]:
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refused(400, "Bad Request: can't parse JSON object") from None
    if not isinstance(document, dict):
        raise Refused(400, "Bad Request: can't parse JSON object")
    return document


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, max_num_fields=200) if text else []


def _add(values: dict[str, object], pairs: Collection[tuple[str, object]]) -> None:
    for name, value in pairs:
        if name in values:
            raise Refused(400, f"Bad Request: parameter {name[:32]!r} is given twice")
        values[name] = value
