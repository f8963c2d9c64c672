"""Errors in Gemini's shape."""

from __future__ import annotations

from typing import Final

import orjson
from aiohttp import web

_STATUS: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class GeminiError(Exception):
    """The door itself answers; ``retry_after`` in seconds becomes the header and Google's ``RetryInfo``."""

    def __init__(self, code: int, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after

    def response(self, *, listed: bool = False) -> web.Response:
        """The answer; ``streamGenerateContent`` without SSE wraps it in a list."""
        error: dict[str, object] = {"code": self.code, "message": self.message, "status": _STATUS[self.code]}
        headers = {}
        if self.retry_after is not None:
            delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{self.retry_after}s"}
            error["details"] = [delay]
            headers["Retry-After"] = str(self.retry_after)
        body: object = [{"error": error}] if listed else {"error": error}
        return web.Response(status=self.code, body=orjson.dumps(body), content_type="application/json", headers=headers)


def unknown_path() -> GeminiError:
    """A path, model or verb the door does not offer."""
    return GeminiError(404, "The requested URL or model was not found on this server.")


def unauthenticated() -> GeminiError:
    """No key, or one that is no agent's."""
    return GeminiError(401, "API key not valid. Please pass a valid API key.")


def suspended() -> GeminiError:
    """Words the agent can pass on."""
    return GeminiError(403, "This assistant is suspended. Its owner can ask the manager bot why.")


def over_budget(retry_after: int, *, used_up: bool) -> GeminiError:
    """Today's budget is used up, or other calls of the same owner hold what is left of it."""
    if used_up:
        text = "Today's token budget of this assistant is used up. It renews at 00:00 UTC."
        return GeminiError(429, text, retry_after)
    return GeminiError(429, "Other calls of this assistant hold what is left of today's token budget.", retry_after)


def too_many(retry_after: int) -> GeminiError:
    """More calls than one agent may have open."""
    return GeminiError(429, "Too many requests of this assistant at once.", retry_after)


def unreachable() -> GeminiError:
    """Gemini did not answer."""
    return GeminiError(503, "The model does not answer. Please try again later.")
