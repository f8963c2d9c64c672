"""The one live card of each person: shown, edited in place, kept true while the agent changes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError

from manager_bot.services.links import WAITING_CARD
from manager_bot.telegram.api import brief
from manager_bot.telegram.screens.subscriber import Screens
from manager_bot.telegram.view import AGENT_CARD, View
from manager_bot.telegram.waiting import end, rest
from models import Agent, User

log = structlog.get_logger(__name__)

_CARD = ("card_message_id", "card_screen", "card_revision")


@dataclass(frozen=True, slots=True)
class Cards:
    """Puts views on cards. Which message the card is stands in the database, so a restart loses none."""

    bot: Bot
    _locks: dict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def lock(self, user: User) -> asyncio.Lock:
        """Held while a card changes: a press and the agent's own news must not cross."""
        return self._locks[user.telegram_id]

    async def put(self, user: User, view: View, *, at: int | None = None, fresh: bool = False) -> int:
        """Show *view* as the user's card and return its message id.

        It is drawn on message *at* (by default on the present card), or sent anew at the chat's end if *fresh*, or if
        that message is gone. Another card that was there before is deleted: there is one.
        """
        async with self.lock(user):
            await user.refresh_from_db(fields=_CARD)
            return await self._put(user, view, at, fresh)

    async def refresh(self, user: User, screens: Screens) -> None:
        """Redraw the agent's card, or the one that waited for GitHub, if that is what the person still looks at."""
        async with self.lock(user):
            await user.refresh_from_db()
            if user.card_screen == AGENT_CARD:
                await self._put(user, await screens.home(user), None, fresh=False)
            elif user.card_screen == WAITING_CARD and user.github_id is not None:
                await self._put(user, await screens.after_github(user), None, fresh=False)

    async def _put(self, user: User, view: View, at: int | None, fresh: bool) -> int:
        before = user.card_message_id
        target = None if fresh else at or before
        if target is None or not await self._edit(user, target, view):
            sent = await self.bot.send_message(user.telegram_id, view.text, reply_markup=view.markup)
            target = sent.message_id
        user.card_message_id, user.card_screen, user.card_revision = target, view.name, view.revision
        await user.save(update_fields=_CARD)
        if before is not None and before != target:
            await delete_message(self.bot, user.telegram_id, before)
        return target

    async def _edit(self, user: User, message_id: int, view: View) -> bool:
        """Draw on a message; ``False`` if there is none to draw on any more."""
        try:
            await self.bot.edit_message_text(
                view.text, chat_id=user.telegram_id, message_id=message_id, reply_markup=view.markup
            )
        except TelegramBadRequest as error:
            return "not modified" in error.message
        return True


async def delete_message(bot: Bot, chat_id: int, message_id: int) -> bool:
    """Delete a message; ``False`` if Telegram will not, because it is gone or too old."""
    try:
        return await bot.delete_message(chat_id, message_id)
    except TelegramBadRequest:
        return False


@dataclass(frozen=True, slots=True)
class LiveCards:
    """Redraws the cards of agents that changed since. All it goes by is in the database.

    Each person's card is redrawn by a task of its own: Telegram may make one of them wait for a minute.
    """

    cards: Cards
    screens: Screens
    wake: asyncio.Event
    every: float = 1.0
    _busy: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Look every second, and at once when woken, until cancelled."""
        try:
            while True:
                await self._look()
                await rest(self.wake, self.every)
        finally:
            await end(list(self._busy.values()))

    async def _look(self) -> None:
        try:
            stale = await self._stale()
        except Exception as error:
            log.warning("live_cards_failed", error=brief(error))
            return
        for user in stale:
            if user.id not in self._busy:
                self._busy[user.id] = task = asyncio.create_task(self._refresh(user))
                task.add_done_callback(partial(self._forget, user.id))

    def _forget(self, user_id: int, _: asyncio.Task[None]) -> None:
        del self._busy[user_id]

    async def _stale(self) -> list[User]:
        shown = User.filter(card_screen=AGENT_CARD, has_blocked=False)
        rows = await Agent.filter(user__card_screen=AGENT_CARD).values_list(
            "user_id", "revision", "user__card_revision"
        )
        stale = [user_id for user_id, revision, drawn in rows if revision != drawn]
        waiting = User.filter(card_screen=WAITING_CARD, github_id__isnull=False, has_blocked=False)
        return [
            *await waiting,
            *await shown.filter(id__in=stale),
            *await shown.filter(agent__id__isnull=True, card_revision__gt=0),
        ]

    async def _refresh(self, user: User) -> None:
        try:
            await self.cards.refresh(user, self.screens)
        except TelegramForbiddenError:
            user.has_blocked = True
            await user.save(update_fields=["has_blocked"])
        except Exception as error:
            log.warning("card_not_redrawn", user_id=user.id, error=brief(error))
