"""What a handler answers with."""

from __future__ import annotations

from dataclasses import dataclass

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.fsm.context import FSMContext
from aiogram.types import (
    CallbackQuery,
    KeyboardButton,
    KeyboardButtonRequestManagedBot,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from manager_bot.telegram.cards import Cards, delete_message
from manager_bot.telegram.view import View
from manager_bot.telegram.words import Words
from manager_bot.texts import Html
from models import Notification, User

TOAST_LIMIT = 200
_KEYBOARD = "keyboard_message_id"


@dataclass(slots=True)
class Screen:
    """The person's side of one update: their card, and the answer to the button they pressed.

    ``below`` says that the person has written something that still stands, so the card moves to the chat's end; so it
    does after a press on a notification.
    """

    bot: Bot
    user: User
    words: Words
    cards: Cards
    state: FSMContext
    query: CallbackQuery | None
    below: bool
    _answered: bool = False
    _shown: bool = False

    async def show(self, view: View) -> None:
        """Make *view* the card, and its conversation the current one."""
        pressed = self.query.message.message_id if self.query and self.query.message and not self._shown else None
        is_notice = pressed is not None and await self._is_notice(pressed)
        below = (self.below or is_notice) and not self._shown
        await self.cards.put(self.user, view, at=None if is_notice else pressed, fresh=below)
        self._shown = True
        await self.state.set_state(view.awaits)
        await self._keyboard(view.one_tap)

    async def toast(self, text: Html, *, alert: bool = False) -> None:
        """Answer the pressed button with a few words over the chat; nothing else changes."""
        await self._answer(_plain(text)[:TOAST_LIMIT], alert)

    async def settle(self) -> None:
        """Stop the button's spinner, if nothing has yet."""
        await self._answer(None, alert=False)

    async def fail(self, text: Html) -> None:
        """Say that something went wrong, by the shortest way."""
        if self.query is not None:
            await self.toast(text, alert=True)
        else:
            await self.bot.send_message(self.user.telegram_id, text)

    async def _is_notice(self, message_id: int) -> bool:
        """Whether the pressed button hangs on a notification, which stays as it is."""
        return await Notification.exists(chat_id=self.user.telegram_id, message_id=message_id, token_of=None)

    async def _answer(self, text: str | None, alert: bool) -> None:
        if self.query is None or self._answered:
            return
        self._answered = True
        try:
            await self.query.answer(text, show_alert=alert)
        except TelegramBadRequest:
            return  # the press is too old to be answered: nobody waits for it any more

    async def _keyboard(self, suggested: str | None) -> None:
        """Offer, or take away, the key that makes a bot by one tap: it can only stand under the chat, not on a card."""
        data = await self.state.get_data()
        offered = data.get(_KEYBOARD)
        if suggested and not offered:
            sent = await self.bot.send_message(
                self.user.telegram_id, self.words("bot.one_tap.hint"), reply_markup=self._one_tap(suggested)
            )
            await self.state.set_data({**data, _KEYBOARD: sent.message_id})
        elif offered and not suggested:
            await self.state.set_data({name: value for name, value in data.items() if name != _KEYBOARD})
            await delete_message(self.bot, self.user.telegram_id, offered)
            gone = await self.bot.send_message(
                self.user.telegram_id, self.words("bot.one_tap.gone"), reply_markup=ReplyKeyboardRemove()
            )
            await delete_message(self.bot, self.user.telegram_id, gone.message_id)

    def _one_tap(self, suggested: str) -> ReplyKeyboardMarkup:
        wish = KeyboardButtonRequestManagedBot(
            request_id=1,
            suggested_name=self.words.texts.get(self.user.language, "bot.one_tap.name", name=Html(self.user.name[:40])),
            suggested_username=suggested,
        )
        key = KeyboardButton(text=self.words("bot.one_tap.button"), request_managed_bot=wish)
        return ReplyKeyboardMarkup(keyboard=[[key]], resize_keyboard=True, one_time_keyboard=True)


def _plain(text: Html) -> str:
    """A toast knows no HTML."""
    for tag in ("<b>", "</b>", "<i>", "</i>", "<code>", "</code>"):
        text = Html(text.replace(tag, ""))
    return (
        text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", '"')
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
    )
