"""Keyboards as Telegram checks them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, ReplyKeyboardMarkup

from manager_bot.demo.telegram.bots import Bot
from manager_bot.demo.telegram.errors import bad_request
from manager_bot.demo.telegram.messages import Markup

DATA_BYTES = 64
_URL = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[\w-]+(?::[0-9]+)?(?:[/?#].*)?|tg://.+", re.IGNORECASE)
_ACTIONS = (
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
)  # fmt: skip


def checked_markup(bot: Bot, markup: Markup | None) -> Markup | None:
    """The same markup, or the refusal Telegram would give."""
    if isinstance(markup, InlineKeyboardMarkup):
        if not any(markup.inline_keyboard):
            return None
        for row in markup.inline_keyboard:
            _check_row(row)
    elif isinstance(markup, ReplyKeyboardMarkup):
        for keys in markup.keyboard:
            for key in keys:
                if not key.text.strip():
                    raise bad_request("can't parse keyboard button: Text buttons must be non-empty")
                if key.request_managed_bot and not bot.can_manage_bots:
                    raise bad_request("BOT_CAN_NOT_MANAGE_BOTS")
    return markup


def _check_row(row: Sequence[InlineKeyboardButton]) -> None:
    if len(row) > 8:
        raise bad_request("BUTTON_ROW_TOO_LONG")
    for button in row:
        if not button.text.strip():
            raise bad_request("can't parse inline keyboard button: Text buttons must be non-empty")
        actions = [name for name in _ACTIONS if getattr(button, name) is not None]
        if not actions:
            raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
        if len(actions) > 1:
            raise bad_request("can't parse inline keyboard button: exactly one action is allowed")
        if button.callback_data is not None and not 1 <= len(button.callback_data.encode()) <= DATA_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
        if button.url is not None and not _URL.fullmatch(button.url):
            raise bad_request(f"inline keyboard button URL '{button.url}' is invalid: Wrong HTTP URL")
