"""What a screen shows, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from manager_bot.telegram.callbacks import Go, Goto
from manager_bot.telegram.words import Words
from manager_bot.texts import Html

AGENT_CARD = "agent"
"""The screen that follows its agent by itself."""

TEXT_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Key:
    """A button: a text, and what it carries or where it leads."""

    text: str
    data: CallbackData | None = None
    url: str | None = None


Row = Sequence[Key]


@dataclass(frozen=True, slots=True)
class View:
    """One state of the card.

    ``revision`` is the agent's the view was drawn from. ``awaits`` is the conversation the screen opens (an FSM
    state's name): while it is shown, the person's next text answers it. ``one_tap`` is the username suggested for a
    bot made by one tap, where the screen offers that.
    """

    name: str
    text: Html
    rows: Sequence[Row] = ()
    revision: int = 0
    awaits: str | None = None
    one_tap: str | None = None

    @property
    def markup(self) -> InlineKeyboardMarkup | None:
        """The buttons as Telegram wants them."""
        return markup(self.rows)

    def noted(self, note: Html) -> View:
        """The same view with *note* above it."""
        return replace(self, text=Html(f"{note}\n\n{self.text}"))


def markup(rows: Sequence[Row]) -> InlineKeyboardMarkup | None:
    """Buttons, or nothing where there are none."""
    buttons = [
        [
            InlineKeyboardButton(text=key.text, url=key.url, callback_data=key.data.pack() if key.data else None)
            for key in row
        ]
        for row in rows
        if row
    ]
    return InlineKeyboardMarkup(inline_keyboard=buttons) if buttons else None


def back(words: Words, to: Goto) -> Key:
    """The way back."""
    return Key(words("button.back"), Go(to=to))


def cancel(words: Words) -> Key:
    """The way out."""
    return Key(words("button.cancel"), Go(to=Goto.CANCEL))
