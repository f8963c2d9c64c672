"""Reading the control API's requests."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aiohttp import web

from manager_bot.demo.telegram.files import Upload


def refuse(status: int, reason: str) -> web.HTTPException:
    """An error answer of the control API: `{"error": reason}`."""
    kinds: dict[int, type[web.HTTPError]] = {
        400: web.HTTPBadRequest,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
        409: web.HTTPConflict,
    }
    return kinds[status](text=json.dumps({"error": reason}), content_type="application/json")


@dataclass(frozen=True, slots=True)
class Body:
    """Fields of a JSON object or a multipart form, with typed getters that refuse what does not fit."""

    values: dict[str, object]
    file: Upload | None = None

    def known(self, *names: str) -> Body:
        """Refuse a field nobody reads: a typing error in a test must not pass."""
        for name in self.values.keys() - set(names):
            raise refuse(400, f"unknown field {name!r}; known: {', '.join(names)}")
        return self

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            raise refuse(400, f"{name} must be a non-empty text")
        return value

    def text_or_none(self, name: str) -> str | None:
        return self.text(name) if self.values.get(name) not in {None, ""} else None

    def whole(self, name: str) -> int:
        value = self.values.get(name)
        if isinstance(value, str) and value.lstrip("-").isdecimal():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise refuse(400, f"{name} must be a whole number")
        return value

    def whole_or_none(self, name: str) -> int | None:
        return self.whole(name) if self.values.get(name) not in {None, ""} else None

    def number(self, name: str, default: float) -> float:
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise refuse(400, f"{name} must be a number")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise refuse(400, f"{name} must be true or false")
        return value


async def read_body(request: web.Request) -> Body:
    """JSON, or a multipart form whose part `file` is an upload."""
    if request.content_type == "multipart/form-data":
        values: dict[str, object] = {}
        file: Upload | None = None
        for name, part in (await request.post()).items():
            if isinstance(part, web.FileField):
                file = Upload(part.filename or "file", part.content_type, part.file.read())
            else:
                values[name] = part
        return Body(values, file)
    if not request.can_read_body:
        return Body({})
    try:
        parsed = json.loads(await request.text() or "{}")
    except ValueError:
        raise refuse(400, "the body is no JSON") from None
    if not isinstance(parsed, dict):
        raise refuse(400, "the body is no JSON object")
    return Body(parsed)
