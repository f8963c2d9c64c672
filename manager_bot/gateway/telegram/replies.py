"""Answers in Telegram's shape."""

from __future__ import annotations

import orjson
from aiohttp import web


class Refused(Exception):
    """The door itself answers, as Telegram would; the description holds no secret."""

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after

    def response(self) -> web.Response:
        """The answer on the wire."""
        body: dict[str, object] = {"ok": False, "error_code": self.status, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return web.Response(status=self.status, body=orjson.dumps(body), content_type="application/json")


def done(result: object) -> web.Response:
    """Telegram's answer to a call that worked."""
    return web.Response(body=orjson.dumps({"ok": True, "result": result}), content_type="application/json")


def unauthorized() -> Refused:
    """A wrong key, as Telegram answers a wrong token."""
    return Refused(401, "Unauthorized")


def unknown() -> Refused:
    """A path or method that is none, or is not for agents."""
    return Refused(404, "Not Found")


def unreachable() -> Refused:
    """Telegram did not answer, or answered nonsense."""
    return Refused(502, "Bad Gateway: Telegram does not answer")
