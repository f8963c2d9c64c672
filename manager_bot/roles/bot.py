"""The chat's role: the one that loads aiogram."""

from __future__ import annotations

from contextlib import AsyncExitStack

from manager_bot.chat import build_manager_bot
from manager_bot.core import Core
from manager_bot.roles.life import show_life


async def start_bot(core: Core, stack: AsyncExitStack) -> None:
    """The chat; waits for Telegram as long as it takes."""
    bot = await build_manager_bot(core)
    await bot.start()
    stack.push_async_callback(bot.stop)
    await show_life(core.clock, stack, "bot", bot.is_alive)
