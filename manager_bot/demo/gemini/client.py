"""A client of the control API, for tests and the played journey."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from manager_bot.demo.gemini.ledger import fingerprint

Row = dict[str, Any]
Totals = dict[str, dict[str, dict[str, int]]]


@dataclass(frozen=True, slots=True)
class GeminiControl:
    """Tells the emulated Gemini what to do and asks what it served.

    `root` is the world's address (`http://127.0.0.1:8090`); the session is the caller's to close.
    """

    session: aiohttp.ClientSession
    root: str

    async def script(
        self, answer: Mapping[str, Any], match: Mapping[str, Any] | None = None, left: int | None = None
    ) -> None:
        """Answer requests that match (`words`, `model`, `key`, `verb`, `after_tool`) exactly so."""
        await self._send("POST", "script", {"answer": answer, "match": match or {}, "left": left})

    async def fault(self, kind: str, **options: Any) -> None:
        """Misbehave: options are those of `script.Fault`."""
        await self._send("POST", "fault", {"kind": kind, **options})

    async def clear(self) -> None:
        """Forget scripts and faults."""
        await self._send("DELETE", "script", {})
        await self._send("DELETE", "fault", {})

    async def add_key(self, key: str) -> None:
        """Make a key valid."""
        await self._send("POST", "keys", {"key": key})

    async def revoke_key(self, key: str) -> None:
        """Make a key invalid."""
        await self._send("DELETE", "keys", {"key": key})

    async def set_models(self, models: Sequence[str | Mapping[str, Any]]) -> None:
        """The models that exist from now on: ids, or objects like `{"id": "clawbot", "signatures": True}`."""
        await self._send("PUT", "models", {"models": list(models)})

    async def reset(self) -> None:
        """Forget scripts, faults, revocations and the ledger."""
        await self._send("POST", "reset", {})

    async def served(self, *, after: int = 0, key: str | None = None) -> list[Row]:
        """Rows of the ledger, oldest first; `key` is the key itself, not its fingerprint."""
        rows: list[Row] = (await self._get("served", {"after": str(after)}))["served"]
        return [row for row in rows if key is None or row["key"] == fingerprint(key)]

    async def totals(self) -> Totals:
        """Sums by key fingerprint and model."""
        totals: Totals = (await self._get("totals"))["totals"]
        return totals

    async def requests(self, n: int = 20) -> list[Row]:
        """The last request bodies: `{"number": …, "body": …}`."""
        requests: list[Row] = (await self._get("requests", {"n": str(n)}))["requests"]
        return requests

    async def wait_served(self, count: int, *, after: int = 0, within: float = 10.0) -> list[Row]:
        """Wait until `count` rows after number `after` are closed; raises `TimeoutError`."""
        async with asyncio.timeout(within):
            while True:
                rows = [row for row in await self.served(after=after) if row["outcome"] != "open"]
                if len(rows) >= count:
                    return rows
                await asyncio.sleep(0.05)

    async def _send(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        async with self.session.request(method, f"{self.root}/world/gemini/{path}", json=body) as answer:
            if answer.status != 204:
                raise ValueError(f"{method} {path}: {answer.status} {await answer.text()}")

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        async with self.session.get(f"{self.root}/world/gemini/{path}", params=query) as answer:
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
            return found
