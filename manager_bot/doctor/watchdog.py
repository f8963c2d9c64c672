"""Who watches the watchdog: its sign of life."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from manager_bot.doctor.check import Check, fail, ok, warn

SILENT_AFTER = timedelta(minutes=3)
"""Three of the watchdog's passes."""


def check_watchdog(heartbeats: Mapping[str, datetime], now: datetime) -> Check:
    """Whether the watchdog gave a sign of life lately."""
    seen = heartbeats.get("watchdog")
    if seen is None:
        return warn("watchdog", "it never ran here", "start `clawbot run`")
    if now - seen > SILENT_AFTER:
        return fail(
            "watchdog",
            f"watchdog silent since {seen:%Y-%m-%d %H:%M:%S} UTC: nobody restarts a dead agent",
            "start `clawbot run`, and look into its log",
        )
    return ok("watchdog", f"alive {int((now - seen).total_seconds())} s ago")
