"""The chat's part of the composition root, apart because it alone imports aiogram (165 MB, seconds of start)."""

from __future__ import annotations

import asyncio

import structlog
from aiogram import Bot
from aiogram.types import User as TelegramUser

from manager_bot.core import Core
from manager_bot.services.accounts import Accounts
from manager_bot.services.agents import Agents
from manager_bot.services.installation import remember_manager
from manager_bot.services.registration import Registration
from manager_bot.services.usage import Usage
from manager_bot.telegram.api import PASSING, brief
from manager_bot.telegram.bots import TelegramBots
from manager_bot.telegram.dispatcher import UseCases
from manager_bot.telegram.manager import ManagerBot, introduce, open_manager
from manager_bot.texts import Texts

log = structlog.get_logger(__name__)

TRY_AGAIN_SECONDS = 10


async def build_manager_bot(core: Core) -> ManagerBot:
    """The manager bot, introduced to Telegram; waits for Telegram as long as it takes."""
    settings = core.settings
    bot = open_manager(settings.bot_token, settings.telegram_api_root)
    me = await _introduced(bot)
    core.manager.username = me.username or ""
    await remember_manager(core.manager.username)
    bots = TelegramBots(bot, settings.telegram_api_root)
    use = UseCases(
        clock=core.clock,
        texts=Texts.load(),
        accounts=Accounts(core.audit, core.outbox, core.bell),
        agents=Agents(core.clock, core.host.runtime, core.audit, core.bell),
        registration=Registration(
            manager_bot_id=me.id,
            name_prefix=settings.name_prefix,
            ports=settings.agent_ports,
            clock=core.clock,
            vault=core.vault,
            sizing=core.sizing,
            admission=core.host,
            bots=bots,
            audit=core.audit,
            wakeup=core.bell,
        ),
        sizing=core.sizing,
        audit=core.audit,
        usage=Usage(core.clock, core.budgets),
        incidents=core.incidents,
        admin_ids=settings.admin_ids,
        links=core.links,
    )
    return ManagerBot(settings.telegram_api_root, bot, me, use, core.vault)


async def _introduced(bot: Bot) -> TelegramUser:
    """Who the manager is, as soon as Telegram answers."""
    while True:
        try:
            return await introduce(bot)
        except PASSING as error:
            log.warning("telegram_does_not_answer", error=brief(error), again_in=TRY_AGAIN_SECONDS)
        await asyncio.sleep(TRY_AGAIN_SECONDS)
