"""A Bot API request, in any of its four forms, as one of aiogram's method objects.

Telegram takes parameters from the query, a urlencoded form, multipart or JSON, and everything
that is no plain string may come as JSON inside a string. It ignores parameters it does not know; we
refuse them, because a parameter with a typing error is a bug that would only show in production.
"""

from __future__ import annotations

import json
import re
import types
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

from aiogram.methods.base import TelegramMethod
from aiogram.types import (
    BufferedInputFile,
    ForceReply,
    InlineKeyboardMarkup,
    InputFile,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from aiohttp import web
from pydantic import BaseModel, ValidationError

from manager_bot.demo.telegram.errors import bad_request, not_emulated
from manager_bot.demo.telegram.files import Upload

Method = TelegramMethod[Any]
_EMPTY = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
}
_WHAT = {
    "reply_markup": "reply keyboard markup JSON object",
    "entities": "entities JSON object",
    "caption_entities": "entities JSON object",
    "reply_parameters": "reply parameters JSON object",
    "media": "media JSON object",
    "commands": "commands JSON object",
}
_KEYBOARDS: dict[str, type[BaseModel]] = {
    "inline_keyboard": InlineKeyboardMarkup,
    "keyboard": ReplyKeyboardMarkup,
    "remove_keyboard": ReplyKeyboardRemove,
    "force_reply": ForceReply,
}
_UNSUPPORTED = (
    "business_connection_id",
    "inline_message_id",
    "direct_messages_topic_id",
    "suggested_post_parameters",
    "ephemeral_message_parameters",
    "receiver_user_id",
    "rich_message",
)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a request carried, before anyone looked at it."""

    values: dict[str, object]
    files: dict[str, Upload]


async def read_parameters(request: web.Request) -> Parameters:
    """Parameters of the query and the body; the body wins."""
    values: dict[str, object] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.method != "POST" or not request.can_read_body:
        return Parameters(values, files)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise bad_request("can't parse JSON object") from None
        if not isinstance(body, dict):
            raise bad_request("can't parse JSON object")
        values.update({key: value for key, value in body.items() if value is not None})
    else:
        for name, part in (await request.post()).items():
            if isinstance(part, web.FileField):
                files[name] = Upload(part.filename or name, part.content_type, part.file.read())
            else:
                values[name] = part if isinstance(part, str) else bytes(part).decode(errors="replace")
    return Parameters(values, files)


def build_method(kind: type[Method], parameters: Parameters) -> Method:
    """The typed call, or Telegram's complaint about what is wrong with it."""
    unknown = sorted(parameters.values.keys() - kind.model_fields.keys())
    if unknown:
        raise bad_request(f"unknown parameter {unknown[0]!r} of {kind.__api_method__}")
    values = {
        name: _decoded(name, kind.model_fields[name].annotation, value, parameters.files)
        for name, value in parameters.values.items()
    }
    for name in parameters.files.keys() & kind.model_fields.keys():
        values[name] = f"attach://{name}"
    if "reply_markup" in values:
        values["reply_markup"] = _keyboard(values["reply_markup"])
    for name in _UNSUPPORTED:
        if values.get(name) is not None:
            raise not_emulated(f"parameter {name}")
    try:
        method = kind.model_validate(values)
    except ValidationError as error:
        raise _complaint(error) from None
    if getattr(method, "message_thread_id", None):
        raise bad_request("message thread not found")
    for path in unknown_paths(method):
        raise bad_request(f"unknown parameter {path!r} of {kind.__api_method__}")
    return method


def unknown_paths(value: object, path: str = "") -> list[str]:
    """Fields, at any depth, that the Bot API does not have (the models let them pass)."""
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        found = [f"{path}{name}" for name in value.model_extra or {}]
        return found + [p for name, item in fields.items() for p in unknown_paths(item, f"{path}{name}.")]
    if isinstance(value, (list, tuple)):
        return [p for number, item in enumerate(value) for p in unknown_paths(item, f"{path}{number}.")]
    return []


def _accepted(annotation: object) -> set[object]:
    if get_origin(annotation) in {Union, types.UnionType}:
        return set().union(*(_accepted(part) for part in get_args(annotation)))
    return {annotation}


def _decoded(name: str, annotation: object, value: object, files: dict[str, Upload]) -> object:
    accepted = _accepted(annotation)
    if str in accepted:
        if int in accepted and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
            return int(value)
        return str(value) if isinstance(value, (int, float)) and int not in accepted else value
    if not isinstance(value, str):
        return value
    if InputFile in accepted:
        upload = files.get(value.removeprefix("attach://"))
        if upload is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return BufferedInputFile(upload.data, upload.name)
    if bool in accepted:
        return value.lower() in {"true", "1", "yes", "t", "y"}
    try:
        return json.loads(value) if value.strip() else None
    except ValueError:
        raise bad_request(f"can't parse {_WHAT.get(name, name)}") from None


def _keyboard(value: object) -> object:
    """The kind of keyboard its own field names: the models alone would take a broken one for another kind."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    for field, kind in _KEYBOARDS.items():
        if field in value:
            try:
                return kind.model_validate(value)
            except ValidationError:
                raise bad_request(f"can't parse {_WHAT['reply_markup']}") from None
    raise bad_request(f"can't parse {_WHAT['reply_markup']}")


def _complaint(error: ValidationError) -> Exception:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return bad_request(_EMPTY.get(name, f'parameter "{name}" is required'))
    return bad_request(f"can't parse {_WHAT.get(name, name)}")
