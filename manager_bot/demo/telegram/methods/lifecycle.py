"""Who the bot is, and leaving the cloud server."""

from __future__ import annotations

from aiogram.methods import Close, GetMe, LogOut

from manager_bot.demo.telegram.errors import ApiError, too_many_requests
from manager_bot.demo.telegram.methods.registry import Call, answers

CLOSE_AFTER_SECONDS = 600


@answers(GetMe)
async def get_me(call: Call, _: GetMe) -> object:
    return call.bot.as_me()


@answers(LogOut)
async def log_out(call: Call, _: LogOut) -> object:
    """From now on every call is refused; the real server lets the bot back after ten minutes."""
    call.bot.logged_out = True
    call.bot.updates.end_poll(ApiError(400, "Logged out"))
    return True


@answers(Close)
async def close(call: Call, _: Close) -> object:
    """Refused in the first ten minutes after the server's start."""
    age = call.telegram.clock.now() - call.telegram.started_at
    if age < CLOSE_AFTER_SECONDS:
        raise too_many_requests(int(CLOSE_AFTER_SECONDS - age) + 1)
    return True
