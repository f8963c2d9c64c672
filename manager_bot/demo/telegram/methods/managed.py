"""Bots managed by another bot."""

from __future__ import annotations

from aiogram.methods import GetManagedBotToken, ReplaceManagedBotToken

from manager_bot.demo.telegram.bots import Bot
from manager_bot.demo.telegram.errors import bad_request, forbidden
from manager_bot.demo.telegram.methods.registry import Call, answers


def _managed(call: Call, bot_id: int) -> Bot:
    if not call.bot.can_manage_bots:
        raise forbidden("the bot can't manage other bots")
    bot = call.telegram.bots.by_id.get(bot_id)
    if bot is None or bot.manager_id != call.bot.id:
        raise bad_request("managed bot not found")
    return bot


@answers(GetManagedBotToken)
async def get_managed_bot_token(call: Call, method: GetManagedBotToken) -> object:
    return _managed(call, method.user_id).token


@answers(ReplaceManagedBotToken)
async def replace_managed_bot_token(call: Call, method: ReplaceManagedBotToken) -> object:
    return call.telegram.revoke_token(_managed(call, method.user_id))
