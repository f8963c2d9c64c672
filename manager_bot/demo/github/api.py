"""The REST API: who a token belongs to, their addresses, and a token's end."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass

from aiohttp import web

from manager_bot.demo.github.state import App, GitHubState, Token

_DOCS = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class Api:
    """The routes below GitHub's API root, over one state."""

    state: GitHubState

    def routes(self) -> list[web.RouteDef]:
        """Relative to the API root, which is mounted at ``/api``."""
        return [
            web.get("/api/user", self.user),
            web.get("/api/user/emails", self.emails),
            web.post("/api/applications/{client_id}/token", self.check),
            web.delete("/api/applications/{client_id}/token", self.delete),
        ]

    async def user(self, request: web.Request) -> web.Response:
        """The account. ``email`` is the public one, which most people do not show."""
        token = self._bearer(request)
        account = token.account
        body = {"login": account.login, "id": account.id, "type": "User", "name": account.name, "email": None}
        return web.json_response(body, headers={"X-OAuth-Scopes": ", ".join(token.scopes)})

    async def emails(self, request: web.Request) -> web.Response:
        """The addresses; 404 without the scope for them."""
        token = self._bearer(request)
        if not {"user:email", "user"} & set(token.scopes):
            raise problem(404, "Not Found")
        account = token.account
        return web.json_response(
            [
                {"email": mail, "primary": at == 0, "verified": account.email_verified, "visibility": None}
                for at, mail in reversed(list(enumerate(account.emails)))
            ]
        )

    async def check(self, request: web.Request) -> web.Response:
        """Whether a token of the application lives; 404 if not."""
        app = self._application(request)
        token = self.state.tokens.get(await self._named(request))
        if token is None or token.client_id != app.client_id:
            raise problem(404, "Not Found")
        return web.json_response({"scopes": list(token.scopes), "user": {"login": token.account.login}})

    async def delete(self, request: web.Request) -> web.Response:
        """The token dies; 422 for one that is no token of the application."""
        app = self._application(request)
        named = await self._named(request)
        token = self.state.tokens.get(named)
        if token is None or token.client_id != app.client_id:
            raise problem(422, "Validation Failed")
        del self.state.tokens[named]
        return web.Response(status=204)

    def _bearer(self, request: web.Request) -> Token:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if not value:
            raise problem(401, "Requires authentication")
        token = self.state.tokens.get(value) if scheme.lower() in {"bearer", "token"} else None
        if token is None:
            raise problem(401, "Bad credentials")
        return token

    def _application(self, request: web.Request) -> App:
        """Basic authentication by the application's id and secret, for its own path only."""
        app = self.state.apps.get(request.match_info["client_id"])
        login, password = _basic(request.headers.get("Authorization", ""))
        if app is None or login != app.client_id:
            raise problem(404, "Not Found")
        if not hmac.compare_digest(password, app.client_secret):
            raise problem(401, "Bad credentials")
        return app

    async def _named(self, request: web.Request) -> str:
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise problem(400, "Problems parsing JSON") from None
        if not isinstance(body, dict) or not isinstance(body.get("access_token"), str):
            raise problem(422, "Invalid request.\n\nFor 'properties/access_token', nil is not a string.")
        return str(body["access_token"])


def _basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    try:
        login, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise problem(401, "Requires authentication")
    return login, password


def problem(status: int, message: str) -> web.HTTPException:
    """GitHub's error shape."""
    kinds: dict[int, type[web.HTTPError]] = {
        400: web.HTTPBadRequest,
        401: web.HTTPUnauthorized,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
        422: web.HTTPUnprocessableEntity,
    }
    body = {"message": message, "documentation_url": _DOCS, "status": str(status)}
    return kinds[status](text=json.dumps(body), content_type="application/json")
