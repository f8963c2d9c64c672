"""What subscribers do, one router a file."""

from __future__ import annotations

from aiogram import Router

from manager_bot.telegram.handlers.subscriber import agent, bot_step, deletion, github, model, start


def subscriber_router(*, with_github: bool) -> Router:
    """All of it; the catch-all for unknown text comes last."""
    router = Router(name="subscriber")
    if with_github:
        router.include_router(github.router())
    router.include_routers(start.router(), bot_step.router(), agent.router(), deletion.router())
    router.include_routers(model.router(), start.catch_all())
    return router
