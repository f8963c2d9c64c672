"""Editing what a bot has sent."""

from __future__ import annotations

from aiogram.methods import EditMessageCaption, EditMessageMedia, EditMessageReplyMarkup, EditMessageText

from manager_bot.demo.telegram.errors import bad_request
from manager_bot.demo.telegram.files import StoredFile
from manager_bot.demo.telegram.formatting import TEXT_LIMIT, Formatted, utf16_length
from manager_bot.demo.telegram.messages import Markup, Message, markup_json
from manager_bot.demo.telegram.methods.markup import checked_markup
from manager_bot.demo.telegram.methods.media import caption, given_file
from manager_bot.demo.telegram.methods.registry import Call, answers
from manager_bot.demo.telegram.methods.sending import message_text

UNCHANGED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def _editable(call: Call, chat_id: int | str | None, message_id: int | None) -> Message:
    if chat_id is None:
        raise bad_request("chat_id is empty")
    if not message_id:
        raise bad_request("message identifier is not specified")
    message = call.telegram.chats.writable(call.bot, chat_id).message(message_id)
    if message is None:
        raise bad_request("message to edit not found")
    other_keyboard = message.markup is not None and message.inline is None
    if not message.outgoing or other_keyboard or "forward_origin" in message.service:
        raise bad_request("message can't be edited")
    return message


def _apply(call: Call, message: Message, content: Formatted, markup: Markup | None, file: StoredFile | None) -> object:
    """Replace what the message shows; no new markup means no markup."""
    markup = checked_markup(call.bot, markup)
    call.telegram.flood.count(call.bot.id, message.person.id)
    old = markup_json(message.inline) if message.inline else None
    new = markup_json(markup) if markup else None
    if content == message.content and old == new and file is message.file:
        raise bad_request(UNCHANGED)
    message.content, message.markup, message.file = content, markup, file
    call.telegram.edited(message)
    return message.as_api()


@answers(EditMessageText)
async def edit_message_text(call: Call, method: EditMessageText) -> object:
    message = _editable(call, method.chat_id, method.message_id)
    content = message_text(method.text or "", method.parse_mode, method.entities)
    if utf16_length(content.text) > TEXT_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    if message.file is not None:
        raise bad_request("there is no text in the message to edit")
    return _apply(call, message, content, method.reply_markup, None)


@answers(EditMessageCaption)
async def edit_message_caption(call: Call, method: EditMessageCaption) -> object:
    message = _editable(call, method.chat_id, method.message_id)
    if message.file is None:
        raise bad_request("there is no caption in the message to edit")
    content = caption(method.caption, method.parse_mode, method.caption_entities)
    return _apply(call, message, content, method.reply_markup, message.file)


@answers(EditMessageMedia)
async def edit_message_media(call: Call, method: EditMessageMedia) -> object:
    message = _editable(call, method.chat_id, method.message_id)
    media = method.media
    content = caption(media.caption, media.parse_mode, media.caption_entities)
    file = given_file(call, str(media.type), media.media)
    return _apply(call, message, content, method.reply_markup, file)


@answers(EditMessageReplyMarkup)
async def edit_message_reply_markup(call: Call, method: EditMessageReplyMarkup) -> object:
    message = _editable(call, method.chat_id, method.message_id)
    return _apply(call, message, message.content, method.reply_markup, message.file)
