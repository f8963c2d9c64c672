"""Delivering the outbox: in order for each chat, however often Telegram or the manager fails."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import ReplyParameters
from pydantic import SecretStr
from tortoise.exceptions import OperationalError

from manager_bot.clock import Clock
from manager_bot.failpoints import reach
from manager_bot.telegram.api import PASSING, brief, make_bot
from manager_bot.telegram.notices import Notice, render
from manager_bot.telegram.waiting import rest
from manager_bot.telegram.words import Words
from manager_bot.texts import DEFAULT_LANGUAGE, Texts
from manager_bot.vault import Vault
from models import Agent, Notification, NotificationState, User

log = structlog.get_logger(__name__)

Lane: TypeAlias = tuple[int, int | None]
"""A chat, and the agent whose bot speaks in it (``None``: the manager); in it order is kept."""

EVERY_SECONDS = 1.0
PAUSES = (1, 2, 5, 15, 30, 60)
AT_ONCE = 8
PAGE = 500
MOST_ATTEMPTS = 8
"""After so many, about three minutes, what nobody foresaw counts as a defect: it must not silence its chat for ever."""


@dataclass(frozen=True, slots=True)
class Postman:
    """Takes notifications from the database to Telegram.

    A message is sent first and marked after, so a crash between the two may send it twice, never not at all.
    *session* must be impatient: waiting is done here, in the database, where one chat's trouble holds up no other.
    """

    session: AiohttpSession
    token: SecretStr
    vault: Vault
    texts: Texts
    clock: Clock
    wake: asyncio.Event
    stopping: asyncio.Event

    async def run(self) -> None:
        """Deliver until :attr:`stopping` is set; a message being sent then is finished and marked."""
        while not self.stopping.is_set():
            try:
                await self.deliver_due()
            except Exception as error:
                log.warning("outbox_failed", error=brief(error))
            await rest(self.wake, EVERY_SECONDS)

    async def deliver_due(self) -> None:
        """One pass over what is due: chats side by side, a chat's messages one after the other.

        It ends when its last lane does, whatever happens in one of them: a pass beside it would send the same again.
        """
        lanes: dict[Lane, list[Notification]] = defaultdict(list)
        for notification in await self._due():
            lanes[_lane_of(notification)].append(notification)
        gate = asyncio.Semaphore(AT_ONCE)
        ends = await asyncio.gather(*(self._lane(lane, gate) for lane in lanes.values()), return_exceptions=True)
        for error in ends:
            if error is not None:
                raise error

    async def _due(self) -> list[Notification]:
        """The oldest that may go now, a page of them.

        What is held back for quiet hours is passed by what is urgent; what is to be tried again holds up its chat.
        Neither takes room from other chats.
        """
        pending, now = Notification.filter(state=NotificationState.PENDING), self.clock.now()
        waiting = pending.filter(attempts__gt=0, due_at__gt=now)
        held_up = {(chat_id, token_of) for chat_id, token_of in await waiting.values_list("chat_id", "token_of")}
        due: list[Notification] = []
        last = 0
        while len(due) < PAGE:
            page = await pending.filter(due_at__lte=now, id__gt=last).order_by("id").limit(PAGE)
            due += [notification for notification in page if _lane_of(notification) not in held_up]
            if len(page) < PAGE:
                break
            last = page[-1].id
        return due[:PAGE]

    async def _lane(self, lane: list[Notification], gate: asyncio.Semaphore) -> None:
        async with gate:
            for notification in lane:
                if self.stopping.is_set():
                    return
                try:
                    goes_on = await self._deliver(notification)
                except Exception as error:
                    await self._unforeseen(notification, error)
                    return
                if not goes_on:
                    return

    async def _deliver(self, notification: Notification) -> bool:
        """Deliver one; ``False`` if it has to be tried again, before anything else to that chat."""
        try:
            message_id = await self._send(notification)
        except TelegramRetryAfter as error:
            return await self._later(notification, error.retry_after, error)
        except PASSING as error:
            return await self._later(notification, PAUSES[min(notification.attempts, len(PAUSES) - 1)], error)
        except TelegramUnauthorizedError as error:
            if notification.token_of is None:
                return await self._later(notification, PAUSES[-1], error)
            return await self._give_up(notification, error)
        except (TelegramForbiddenError, TelegramBadRequest, TelegramNotFound) as error:
            return await self._give_up(notification, error)
        reach("outbox.sent")
        notification.message_id = message_id
        notification.sent_at = self.clock.now()
        notification.state = NotificationState.SENT if message_id else NotificationState.UNDELIVERABLE
        await notification.save(update_fields=["message_id", "sent_at", "state"])
        return True

    async def _send(self, notification: Notification) -> int | None:
        """Send it, or edit the message of its subject; the message's id, or nothing if there is no more to say."""
        reader = await User.get_or_none(telegram_id=notification.chat_id)
        words = Words(self.texts, reader.language if reader else DEFAULT_LANGUAGE)
        notice = await _rendered(notification, words)
        bot = await self._speaker(notification)
        if notice is None or bot is None:
            return None
        earlier = await _sent_about(notification, notification.subject)
        if earlier is not None and await _edited(bot, notification.chat_id, earlier, notice):
            return earlier
        answered = await _sent_about(notification, notice.answers)
        reply = ReplyParameters(message_id=answered, allow_sending_without_reply=True) if answered else None
        sent = await bot.send_message(
            notification.chat_id, notice.text, reply_markup=notice.markup, reply_parameters=reply
        )
        return sent.message_id

    async def _speaker(self, notification: Notification) -> Bot | None:
        """The manager, or the agent's own bot; nothing if that agent is gone."""
        if notification.token_of is None:
            return make_bot(self.token, self.session)
        agent = await Agent.get_or_none(id=notification.token_of)
        return make_bot(self.vault.open(agent.bot_token), self.session) if agent else None

    async def _unforeseen(self, notification: Notification, error: Exception) -> None:
        """Something nobody named: a database that is locked or away passes, anything else only a few times."""
        passes = type(error) is OperationalError or isinstance(error, OSError)
        if not passes and notification.attempts + 1 >= MOST_ATTEMPTS:
            await self._give_up(notification, error)
        else:
            await self._later(notification, PAUSES[min(notification.attempts, len(PAUSES) - 1)], error)

    async def _later(self, notification: Notification, seconds: int, error: Exception) -> bool:
        notification.attempts += 1
        notification.due_at = self.clock.now() + timedelta(seconds=seconds)
        await notification.save(update_fields=["attempts", "due_at"])
        log.warning("notice_delayed", notice=notification.id, seconds=seconds, error=brief(error))
        return False

    async def _give_up(self, notification: Notification, error: Exception) -> bool:
        """The chat does not take it: blocked, never opened, or gone. The next one may still arrive."""
        if isinstance(error, TelegramForbiddenError) and notification.token_of is None:
            await User.filter(telegram_id=notification.chat_id).update(has_blocked=True)
        notification.state = NotificationState.UNDELIVERABLE
        await notification.save(update_fields=["state"])
        log.warning("notice_undeliverable", notice=notification.id, kind=notification.kind, error=brief(error))
        return True


def _lane_of(notification: Notification) -> Lane:
    return notification.chat_id, notification.token_of


async def _sent_about(notification: Notification, subject: str | None) -> int | None:
    """The message about *subject* in the notification's chat."""
    if subject is None:
        return None
    same = Notification.filter(chat_id=notification.chat_id, subject=subject, token_of=notification.token_of)
    sent = await same.filter(state=NotificationState.SENT).order_by("-id").first()
    return sent.message_id if sent else None


async def _rendered(notification: Notification, words: Words) -> Notice | None:
    """The notice; one that cannot be put into words is a defect, and must not hold up all that wait behind it."""
    try:
        return await render(notification, words)
    except (KeyError, ValueError, TypeError) as error:
        log.warning("notice_without_words", notice=notification.id, kind=notification.kind, error=brief(error))
        return None


async def _edited(bot: Bot, chat_id: int, message_id: int, notice: Notice) -> bool:
    try:
        await bot.edit_message_text(notice.text, chat_id=chat_id, message_id=message_id, reply_markup=notice.markup)
    except TelegramBadRequest as error:
        return "not modified" in error.message
    return True
