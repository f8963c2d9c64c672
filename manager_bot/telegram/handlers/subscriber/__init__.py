"""What subscribers do, one router a file."""

from __future__ import annotations

from aiogram import Router

from manager_bot.telegram.handlers.subscriber import agent, bot_step, deletion, start


def subscriber_router() -> Router:
    """All of it; the catch-all for unknown text comes last."""
    router = Router(name="subscriber")
    router.include_routers(start.router(), bot_step.router(), agent.router(), deletion.router(), start.catch_all())
    return router
