"""Asking agents how they are, over their published health ports."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

from manager_bot.openclaw.health import READY_PATH, UNREACHABLE, Health, parse_ready


@dataclass(frozen=True, slots=True)
class HealthProbe:
    """One question at a time per agent; both answers, live and ready, come from ``/readyz``."""

    session: aiohttp.ClientSession
    patience: float = 5
    """Seconds after which silence is a miss."""

    async def ask(self, port: int) -> Health:
        """How the agent behind *port* is; anything but an answer is a miss."""
        patience = aiohttp.ClientTimeout(total=self.patience)
        try:
            async with self.session.get(f"http://127.0.0.1:{port}{READY_PATH}", timeout=patience) as answer:
                return parse_ready(answer.status, await answer.content.read(16_384))
        except (aiohttp.ClientError, TimeoutError, OSError):
            return UNREACHABLE
