"""The manager bot as one part of the application: started, supervised, stopped."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import Update
from aiogram.types import User as TelegramUser
from aiogram.utils.token import TokenValidationError
from pydantic import SecretStr

from manager_bot.errors import SettingError
from manager_bot.services.tokens import Renewal
from manager_bot.telegram.api import brief, make_bot, open_session
from manager_bot.telegram.cards import Cards, LiveCards
from manager_bot.telegram.commands import set_commands
from manager_bot.telegram.dispatcher import UseCases, build_dispatcher
from manager_bot.telegram.outbox import Postman
from manager_bot.telegram.polling import Handle, Polling
from manager_bot.telegram.screens.subscriber import Screens
from manager_bot.telegram.waiting import end
from manager_bot.vault import Vault

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 30.0
"""How long updates in hand may take to be finished at a stop."""


def open_manager(token: SecretStr, api_root: str) -> Bot:
    """The manager's bot, before a word with Telegram; raises :class:`SettingError` for what is no token at all."""
    try:
        return make_bot(token, open_session(api_root))
    except TokenValidationError:
        raise SettingError("CLAWBOT_BOT_TOKEN is not shaped like a bot token: copy it whole from @BotFather") from None


async def introduce(bot: Bot) -> TelegramUser:
    """Who the manager is; raises :class:`SettingError` if its token is dead, and what is passing as it comes."""
    try:
        return await bot.get_me()
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise SettingError("CLAWBOT_BOT_TOKEN is not a living token: take a new one from @BotFather") from None


@dataclass(slots=True)
class ManagerBot:
    """Polls, answers, keeps cards live and delivers the outbox, from :meth:`start` to :meth:`stop`."""

    api_root: str
    bot: Bot
    me: TelegramUser
    use: UseCases
    vault: Vault
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    post: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _polling: Polling | None = None
    _postman: asyncio.Task[None] | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _exit: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        """Begin; returns when polling, cards and outbox run."""
        use = self.use
        screens = Screens(
            use.texts,
            use.clock,
            use.sizing,
            use.agents,
            use.usage,
            bool(self.me.can_manage_bots),
            use.links is not None,
        )
        cards = Cards(self.bot)
        dispatcher = build_dispatcher(use, cards, screens)
        self._polling = Polling(self.bot, self._handler(dispatcher), dispatcher.resolve_used_update_types())
        session = open_session(self.api_root, pauses=())
        self._exit.push_async_callback(session.close)
        token = SecretStr(self.bot.token)
        postman = Postman(session, token, self.vault, use.texts, use.clock, self.post, self._stopping)
        self._tasks = [
            asyncio.create_task(self._set_commands(), name="commands"),
            asyncio.create_task(self._polling.run(), name="polling"),
            asyncio.create_task(Renewal(use.registration.tokens).run(), name="token renewal"),
            asyncio.create_task(LiveCards(cards, screens, self.wake).run(), name="live cards"),
        ]
        self._postman = asyncio.create_task(postman.run(), name="outbox")
        log.info("manager_bot_started", username=self.me.username, one_tap=bool(self.me.can_manage_bots))

    async def stop(self) -> None:
        """Take no new updates, finish and confirm those in hand, then end the rest."""
        self._stopping.set()
        self.post.set()
        await end(self._tasks)
        if self._polling is not None:
            await self._polling.drain(DRAIN_SECONDS)
        if self._postman is not None:
            await asyncio.wait([self._postman], timeout=DRAIN_SECONDS)
            await end([self._postman])
        await self._exit.aclose()
        await self.bot.session.close()
        log.info("manager_bot_stopped")

    def is_alive(self) -> bool:
        """Whether everything that was started still runs."""
        tasks = [task for task in (*self._tasks, self._postman) if task is not None and task.get_name() != "commands"]
        return bool(tasks) and not any(task.done() for task in tasks)

    def _handler(self, dispatcher: Dispatcher) -> Handle:
        async def handle(update: Update) -> object:
            return await dispatcher.feed_update(self.bot, update)

        return handle

    async def _set_commands(self) -> None:
        try:
            await set_commands(self.bot, self.use.texts, self.use.admin_ids, with_github=self.use.links is not None)
        except Exception as error:
            log.warning("commands_not_set", error=brief(error))
