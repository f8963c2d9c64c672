"""The timers an agent set itself."""

from __future__ import annotations

from datetime import datetime

from models import Agent


class NoTimers:
    """Agents have none: OpenClaw's scheduler is off in the config we render."""

    async def next_due(self, agent: Agent) -> datetime | None:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return None
