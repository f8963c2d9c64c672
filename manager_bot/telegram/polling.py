"""Fetching updates so that none is lost and nobody waits for somebody else.

aiogram's own polling either confirms an update before it is handled (lost by a crash) or handles one after the
other (one slow answer holds up everybody). Here updates are handled in order for each person and side by side
for different people, and Telegram is told "done" only up to the oldest that is still being handled: what a
crash interrupts is delivered again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from aiogram import Bot
from aiogram.dispatcher.middlewares.user_context import UserContextMiddleware
from aiogram.exceptions import TelegramConflictError, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.types import Update

from manager_bot.telegram.api import brief
from manager_bot.telegram.waiting import end, rest

log = structlog.get_logger(__name__)

Handle = Callable[[Update], Awaitable[object]]

HOLD_SECONDS = 25
LOOK_AGAIN_SECONDS = 0.25
"""While an update is being handled Telegram repeats it at once, so the poll cannot be held: look this often instead."""
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
CONFLICT_PAUSE = 5.0
UNAUTHORIZED_PAUSE = 30.0


@dataclass(slots=True)
class Polling:
    """The manager's one poll. *handle* must not raise; it is awaited to its end before its update is confirmed."""

    bot: Bot
    handle: Handle
    allowed_updates: list[str]
    _running: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _done: set[int] = field(default_factory=set)
    _last_of: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _finished: asyncio.Event = field(default_factory=asyncio.Event)
    _failures: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    async def run(self) -> None:
        """Poll until cancelled, through every kind of trouble, with one clear line for each."""
        while True:
            try:
                fresh = await self._fetch(0 if self._running else HOLD_SECONDS)
            except Exception as error:
                await asyncio.sleep(self._pause_after(error))
                continue
            if self._failures:
                log.info("telegram_polling_again")
                self._failures.clear()
            for update in fresh:
                self._begin(update)
            if self._running and not fresh:
                await rest(self._finished, LOOK_AGAIN_SECONDS)

    async def drain(self, seconds: float) -> None:
        """Let updates in hand be finished, then tell Telegram which ones are; call after :meth:`run` was cancelled."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=seconds)
        await end(list(self._running.values()))
        if self._done:
            try:
                await self.bot.get_updates(offset=self._offset(), timeout=0, limit=1, request_timeout=5)
            except Exception as error:
                log.warning("telegram_last_confirmation_failed", error=brief(error))

    async def _fetch(self, hold: int) -> list[Update]:
        offset = self._offset()
        updates = await self.bot.get_updates(
            offset=offset, timeout=hold, allowed_updates=self.allowed_updates, request_timeout=hold + 15
        )
        if offset is not None:
            self._done = {number for number in self._done if number >= offset}
        return [u for u in updates if u.update_id not in self._running and u.update_id not in self._done]

    def _offset(self) -> int | None:
        """Everything before this is handled. ``None``, which confirms nothing, when nothing new is.

        Nothing is confirmed twice: Telegram may restart its numbering after a quiet week.
        """
        if not self._done:
            return None
        return min(self._running) if self._running else max(self._done) + 1

    def _begin(self, update: Update) -> None:
        person = _person(update)
        task = asyncio.create_task(self._handle_after(self._last_of.get(person), update))
        self._running[update.update_id] = task
        self._last_of[person] = task
        task.add_done_callback(lambda ended: self._end(update.update_id, person, ended))

    async def _handle_after(self, earlier: asyncio.Task[None] | None, update: Update) -> None:
        if earlier is not None and not earlier.done():
            await asyncio.wait([earlier])
        await self.handle(update)

    def _end(self, number: int, person: int, task: asyncio.Task[None]) -> None:
        del self._running[number]
        if self._last_of.get(person) is task:
            del self._last_of[person]
        if not task.cancelled():
            self._done.add(number)
            if (error := task.exception()) is not None:
                log.error("update_failed", update_id=number, error=brief(error))
        self._finished.set()

    def _pause_after(self, error: Exception) -> float:
        """Seconds until the next try; each kind of trouble is logged when it begins and then ever more rarely."""
        kind = type(error).__name__
        self._failures[kind] += 1
        count = self._failures[kind]
        if count & (count - 1) == 0:
            log.error("telegram_polling_failed", meaning=_meaning(error), times=count)
        if isinstance(error, TelegramRetryAfter):
            return float(error.retry_after)
        if isinstance(error, TelegramConflictError):
            return CONFLICT_PAUSE
        if isinstance(error, TelegramUnauthorizedError):
            return UNAUTHORIZED_PAUSE
        return PAUSES[min(count, len(PAUSES)) - 1]


def _meaning(error: Exception) -> str:
    if isinstance(error, TelegramConflictError):
        if "webhook" in error.message:
            return "CLAWBOT_BOT_TOKEN's bot has a webhook set: remove it (deleteWebhook), the manager polls"
        return "another program polls with CLAWBOT_BOT_TOKEN: stop it, there can be only one manager"
    if isinstance(error, TelegramUnauthorizedError):
        return "CLAWBOT_BOT_TOKEN was revoked: put the new token from BotFather there and restart"
    if isinstance(error, TelegramRetryAfter):
        return f"Telegram asks to wait {error.retry_after} s"
    return f"Telegram cannot be reached: {brief(error)}"


def _person(update: Update) -> int:
    context = UserContextMiddleware.resolve_event_context(update)
    return context.user_id or context.chat_id or 0
