"""GitHub over HTTP, by authlib's client."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]  # it ships no types
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]
from pydantic import SecretStr

from manager_bot.config import Settings
from manager_bot.errors import GitHubRefused, GitHubUnavailable
from manager_bot.services.ports import GitHubAccount

log = structlog.get_logger(__name__)

SCOPE: Final = "read:user user:email"
ANSWER_SECONDS: Final = 10.0
LARGEST: Final = 256 * 1024
"""Bytes of an answer beyond which whoever answers is not GitHub."""
_HEADERS: Final = {"Accept": "application/vnd.github+json", "User-Agent": "ClawBot"}


@dataclass(frozen=True, slots=True)
class GitHubClient:
    """:class:`~manager_bot.services.ports.GitHub` for one OAuth application; no error and no log line names a token."""

    web_root: str
    api_root: str
    client_id: str
    client_secret: SecretStr
    redirect_uri: str
    tls: ssl.SSLContext = field(default_factory=httpx2.create_ssl_context)

    @classmethod
    def of(cls, settings: Settings) -> GitHubClient:
        """As configured; the settings see to it that there is a public address to come back to."""
        return cls(
            settings.github_root,
            settings.github_api_root,
            settings.github_client_id,
            settings.github_client_secret,
            f"{settings.public_url}/oauth/github/callback",
        )

    def authorization_url(self, state: str, verifier: str) -> str:
        """Where to send the browser. Building a client only for the address is cheap: it opens no connection."""
        url, _ = self._client().create_authorization_url(
            f"{self.web_root}/login/oauth/authorize", state=state, code_verifier=verifier
        )
        return str(url)

    async def exchange(self, code: str, verifier: str) -> SecretStr:
        """The token for *code*. GitHub answers 200 with an ``error`` where it refuses."""
        async with self._asking() as client:
            try:
                token = await client.fetch_token(
                    f"{self.web_root}/login/oauth/access_token",
                    code=code,
                    code_verifier=verifier,
                    redirect_uri=self.redirect_uri,
                    headers={**_HEADERS, "Accept": "application/json"},
                )
            except OAuthError as error:
                log.warning("github_refused", error=error.error)
                raise GitHubRefused from None
        if not isinstance(token.get("access_token"), str):
            raise GitHubUnavailable
        return SecretStr(token["access_token"])

    async def identify(self, token: SecretStr) -> GitHubAccount:
        """Whose token it is, with the primary address if it is verified."""
        async with self._asking(token) as client:
            user = _understood(await client.get(f"{self.api_root}/user"))
            answer = await client.get(f"{self.api_root}/user/emails")
            # A person may take a scope away from what is asked; an address is not needed.
            emails = [] if answer.status_code == 404 else _understood(answer)
        if not isinstance(user, dict) or not isinstance(emails, list) or not isinstance(user.get("id"), int):
            raise GitHubUnavailable
        primary = (one["email"] for one in emails if one.get("primary") and one.get("verified"))
        return GitHubAccount(str(user["id"]), str(user["login"])[:100], next(primary, None))

    async def is_alive(self, token: SecretStr) -> bool:
        """Ask as the application; 404 for a token that is dead."""
        answer = await self._of_token("POST", token)
        if answer.status_code not in {200, 404}:
            _understood(answer)
        return answer.status_code == 200

    async def revoke(self, token: SecretStr) -> None:
        """End the token; 404 and 422 say that it has ended."""
        answer = await self._of_token("DELETE", token)
        if answer.status_code not in {204, 404, 422}:
            _understood(answer)

    async def _of_token(self, method: str, token: SecretStr) -> httpx2.Response:
        async with self._asking() as client:
            answer: httpx2.Response = await client.request(
                method,
                f"{self.api_root}/applications/{self.client_id}/token",
                json={"access_token": token.get_secret_value()},
                auth=(self.client_id, self.client_secret.get_secret_value()),
            )
        return answer

    @asynccontextmanager
    async def _asking(self, token: SecretStr | None = None) -> AsyncIterator[AsyncOAuth2Client]:
        """A client for a few questions; whatever goes wrong on the way is GitHub being away."""
        try:
            async with self._client(token) as client:
                yield client
        except (httpx2.HTTPError, ValueError, KeyError, AttributeError) as error:
            log.warning("github_unavailable", error=type(error).__name__)
            raise GitHubUnavailable from None

    def _client(self, token: SecretStr | None = None) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self.client_id,
            client_secret=self.client_secret.get_secret_value(),
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
            scope=SCOPE,
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
            token={"access_token": token.get_secret_value(), "token_type": "bearer"} if token else None,
            headers=_HEADERS,
            timeout=ANSWER_SECONDS,
            verify=self.tls,
        )


def _understood(answer: httpx2.Response) -> Any:
    """The JSON of a good answer; raises :class:`GitHubRefused` where we may not ask."""
    if answer.status_code in {401, 404}:
        log.warning("github_refused", status=answer.status_code)
        raise GitHubRefused
    if answer.status_code != 200 or len(answer.content) > LARGEST:
        log.warning("github_unavailable", status=answer.status_code)
        raise GitHubUnavailable
    return answer.json()
