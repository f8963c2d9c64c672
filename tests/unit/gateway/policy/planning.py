"""What becomes of a request, in one step, for tests."""

from __future__ import annotations

from manager_bot.gateway.policy.context import ContextPlan, TextTooLong, plan_context
from manager_bot.gateway.policy.truncation import truncate_body

SUMMARY = "The person keeps /srv/data/ledger.db and wants ORDER-7F3A91 refunded."


def nothing(_: str) -> str | None:
    """No summary is known."""
    return None


def planned(body: dict) -> ContextPlan | None:
    """The plan, or nothing where the person's words alone do not fit."""
    try:
        return plan_context(truncate_body(body).body, nothing)
    except TextTooLong:
        return None


def forwarded(body: dict, summary: str | None = SUMMARY) -> dict | None:
    """What Gemini is sent; nothing where the person's words alone do not fit."""
    plan = planned(body)
    return plan.forward(summary if plan.job else None) if plan else None
