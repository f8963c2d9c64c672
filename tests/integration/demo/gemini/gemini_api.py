"""A caller of the emulated Gemini who speaks raw HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

from manager_bot.demo.gemini import DEMO_KEY, GeminiControl, GeminiState

FLASH = "gemini-3-flash-preview"


@dataclass
class Api:
    """A caller with a key."""

    session: aiohttp.ClientSession
    root: str
    state: GeminiState
    control: GeminiControl

    async def post(
        self,
        verb: str,
        body: object = None,
        *,
        model: str = FLASH,
        key: str | None = DEMO_KEY,
        query: str = "",
        **more: Any,
    ) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        headers = {"x-goog-api-key": key} if key else {}
        url = f"{self.root}/gemini/v1beta/models/{model}:{verb}{query}"
        given = more or {"json": body}
        async with self.session.post(url, headers=headers, **given) as answer:
            return answer.status, await answer.json(content_type=None)

    async def ask(self, text: str, **more: Any) -> Any:
        """The whole answer to one question."""
        model = more.pop("model", FLASH)
        status, body = await self.post("generateContent", said(text) | more, model=model)
        assert status == 200, body
        return body


def said(text: str) -> dict[str, Any]:
    """A request of one user turn."""
    return {"contents": [{"role": "user", "parts": [{"text": text}]}]}
