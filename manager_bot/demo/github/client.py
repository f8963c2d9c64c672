"""A client of the control API, for tests and the played journey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp


@dataclass(frozen=True, slots=True)
class GitHubControl:
    """Tells the emulated GitHub who there is and how to misbehave.

    `root` is the world's address (`http://127.0.0.1:8090`); the session is the caller's to close.
    """

    session: aiohttp.ClientSession
    root: str

    @property
    def web_root(self) -> str:
        """`CLAWBOT_GITHUB_ROOT` for this world."""
        return f"{self.root}/github"

    @property
    def api_root(self) -> str:
        """`CLAWBOT_GITHUB_API_ROOT` for this world."""
        return f"{self.root}/github/api"

    async def register(self, client_id: str, client_secret: str, callback: str) -> None:
        """Register an OAuth application."""
        await self._ask("POST", "apps", {"client_id": client_id, "client_secret": client_secret, "callback": callback})

    async def join(self, login: str, **more: Any) -> dict[str, Any]:
        """Open an account; *more* are `name`, `emails`, `verified`."""
        account: dict[str, Any] = await self._ask("POST", "accounts", {"login": login, **more})
        return account

    async def account(self, login: str) -> dict[str, Any]:
        """An account with the fingerprints of its living `tokens`."""
        account: dict[str, Any] = await self._ask("GET", f"accounts/{login}")
        return account

    async def withdraw(self, login: str) -> None:
        """The person revokes every application in their settings."""
        await self._ask("POST", f"accounts/{login}/withdraw", {})

    async def fault(self, kind: str, **more: Any) -> None:
        """Misbehave; *more* are `path`, `status`, `count`, `delay`."""
        await self._ask("POST", "faults", {"kind": kind, **more})

    async def clear_faults(self) -> None:
        """Behave again."""
        await self._ask("DELETE", "faults")

    async def calls(self) -> list[dict[str, Any]]:
        """Every request so far: `method`, `path`, `status`."""
        calls: list[dict[str, Any]] = await self._ask("GET", "calls")
        return calls

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        async with self.session.request(method, f"{self.root}/world/github/{path}", json=body) as answer:
            if answer.status >= 400:
                raise ValueError(f"{method} {path}: {answer.status} {await answer.text()}")
            return await answer.json() if answer.status == 200 else None
