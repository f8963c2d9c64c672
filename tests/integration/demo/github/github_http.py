"""A caller of the emulated GitHub who speaks raw HTTP."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from manager_bot.demo.github import GitHubControl

CLIENT, SECRET, CALLBACK = "Iv1.clawbot", "s" * 40, "http://127.0.0.1:1/oauth/github/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
JSON = {"Accept": "application/json"}


@dataclass
class GitHub:
    """A browser that does not follow redirections, and an application's server, in one."""

    session: aiohttp.ClientSession
    control: GitHubControl

    async def authorize(self, **changes: str) -> tuple[int, str, dict[str, str]]:
        """Status, page and the parameters of the redirection."""
        asked = {
            "client_id": CLIENT,
            "redirect_uri": CALLBACK,
            "scope": "read:user user:email",
            "state": "st",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        query = {name: value for name, value in asked.items() if value}
        url = f"{self.control.web_root}/login/oauth/authorize"
        async with self.session.get(url, params=query, allow_redirects=False) as answer:
            return answer.status, await answer.text(), _parameters(answer)

    async def decide(self, page: str, *, yes: bool = True, account: str = "ann") -> dict[str, str]:
        """Press a button of a consent page."""
        found = re.search(r'name="authenticity_token" value="([^"]+)"', page)
        assert found, page
        form = {"authenticity_token": found[1], "authorize": "1" if yes else "0", "account": account}
        url = f"{self.control.web_root}/login/oauth/authorize"
        async with self.session.post(url, data=form, allow_redirects=False) as answer:
            return _parameters(answer) | {"status": str(answer.status)}

    async def code(self, **changes: str) -> str:
        """A code Ann agreed to."""
        status, page, _ = await self.authorize(**changes)
        assert status == 200, page
        return (await self.decide(page))["code"]

    async def exchange(self, code: str, **changes: str) -> dict[str, Any]:
        """The answer to an exchange."""
        form = {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        } | changes
        form = {name: value for name, value in form.items() if value}
        url = f"{self.control.web_root}/login/oauth/access_token"
        async with self.session.post(url, data=form, headers=JSON) as answer:
            body: dict[str, Any] = await answer.json()
            return body

    async def token(self, **changes: str) -> str:
        """A token of Ann's."""
        return str((await self.exchange(await self.code(**changes)))["access_token"])

    async def api(self, path: str, token: str | None, scheme: str = "Bearer") -> tuple[int, Any]:
        headers = {"Authorization": f"{scheme} {token}"} if token else {}
        async with self.session.get(f"{self.control.api_root}/{path}", headers=headers) as answer:
            return answer.status, await answer.json()

    async def end(self, token: str, *, method: str = "DELETE", secret: str = SECRET, client: str = CLIENT) -> int:
        """Delete (or, with POST, check) a token as the application."""
        url = f"{self.control.api_root}/applications/{CLIENT}/token"
        headers = {"Authorization": aiohttp.encode_basic_auth(client, secret)}
        async with self.session.request(method, url, json={"access_token": token}, headers=headers) as answer:
            return answer.status


def _parameters(answer: aiohttp.ClientResponse) -> dict[str, str]:
    where = answer.headers.get("Location", "")
    return dict(parse_qsl(urlsplit(where).query)) | ({"to": where.partition("?")[0]} if where else {})
