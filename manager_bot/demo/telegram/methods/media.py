"""Sending photos, documents and other files, alone or as an album."""

from __future__ import annotations

import secrets
from typing import Protocol

from aiogram.methods import (
    SendAnimation,
    SendAudio,
    SendDocument,
    SendMediaGroup,
    SendPhoto,
    SendSticker,
    SendVideo,
    SendVideoNote,
    SendVoice,
)
from aiogram.types import ReplyParameters

from manager_bot.demo.telegram.errors import bad_request
from manager_bot.demo.telegram.files import StoredFile
from manager_bot.demo.telegram.formatting import CAPTION_LIMIT, Formatted, formatted, utf16_length
from manager_bot.demo.telegram.messages import Markup
from manager_bot.demo.telegram.methods.markup import checked_markup
from manager_bot.demo.telegram.methods.registry import Call, answers
from manager_bot.demo.telegram.methods.sending import mode, replied_to
from manager_bot.demo.telegram.state import NOTHING


class _FileMethod(Protocol):
    """What the methods that send one file have in common."""

    chat_id: int | str
    reply_parameters: ReplyParameters | None
    reply_markup: Markup | None
    reply_to_message_id: int | None
    allow_sending_without_reply: bool | None


def given_file(call: Call, kind: str, value: object) -> StoredFile:
    """The file a parameter means: a new upload, or one this bot already knows."""
    if not isinstance(value, str) or not value:
        raise bad_request(f"there is no {kind} in the request")
    if value.startswith("attach://"):
        upload = call.files.get(value.removeprefix("attach://"))
        if upload is None:
            raise bad_request(f"there is no {kind} in the request")
        return call.telegram.files.store(call.bot.id, kind, upload)
    if value.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    known = call.telegram.files.by_id.get(value)
    if known is None or known.bot_id != call.bot.id:
        raise bad_request("wrong remote file identifier specified: can't unserialize it. Wrong last symbol")
    if known.kind != kind:
        raise bad_request(f"can't use file of type {known.kind.title()} as {kind.title()}")
    return known


def caption(text: str | None, parse_mode: object, entities: object) -> Formatted:
    content = formatted(text or "", mode(parse_mode), entities if isinstance(entities, list) else None)
    if utf16_length(content.text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return content


def _send(call: Call, kind: str, value: object, method: _FileMethod, content: Formatted) -> object:
    chat = call.telegram.chats.writable(call.bot, method.chat_id)
    markup = checked_markup(call.bot, method.reply_markup)
    reply_to = replied_to(chat, method.reply_parameters, method.reply_to_message_id, method.allow_sending_without_reply)
    file = given_file(call, kind, value)
    call.telegram.flood.count(call.bot.id, chat.person.id)
    sent = call.telegram.post(chat, content, outgoing=True, file=file, markup=markup, reply_to=reply_to)
    return sent.as_api()


@answers(SendPhoto)
async def send_photo(call: Call, method: SendPhoto) -> object:
    content = caption(method.caption, method.parse_mode, method.caption_entities)
    return _send(call, "photo", method.photo, method, content)


@answers(SendDocument)
async def send_document(call: Call, method: SendDocument) -> object:
    content = caption(method.caption, method.parse_mode, method.caption_entities)
    return _send(call, "document", method.document, method, content)


@answers(SendAudio)
async def send_audio(call: Call, method: SendAudio) -> object:
    content = caption(method.caption, method.parse_mode, method.caption_entities)
    return _send(call, "audio", method.audio, method, content)


@answers(SendVoice)
async def send_voice(call: Call, method: SendVoice) -> object:
    content = caption(method.caption, method.parse_mode, method.caption_entities)
    return _send(call, "voice", method.voice, method, content)


@answers(SendVideo)
async def send_video(call: Call, method: SendVideo) -> object:
    content = caption(method.caption, method.parse_mode, method.caption_entities)
    return _send(call, "video", method.video, method, content)


@answers(SendAnimation)
async def send_animation(call: Call, method: SendAnimation) -> object:
    content = caption(method.caption, method.parse_mode, method.caption_entities)
    return _send(call, "animation", method.animation, method, content)


@answers(SendVideoNote)
async def send_video_note(call: Call, method: SendVideoNote) -> object:
    return _send(call, "video_note", method.video_note, method, NOTHING)


@answers(SendSticker)
async def send_sticker(call: Call, method: SendSticker) -> object:
    return _send(call, "sticker", method.sticker, method, NOTHING)


@answers(SendMediaGroup)
async def send_media_group(call: Call, method: SendMediaGroup) -> object:
    """An album; all files are checked before the first is shown."""
    chat = call.telegram.chats.writable(call.bot, method.chat_id)
    if not 2 <= len(method.media) <= 10:
        raise bad_request("media group must include 2-10 items" if method.media else "there are no messages to send")
    reply_to = replied_to(chat, method.reply_parameters, method.reply_to_message_id, method.allow_sending_without_reply)
    ready = [
        (
            given_file(call, str(item.type), item.media),
            caption(
                getattr(item, "caption", None),
                getattr(item, "parse_mode", None),
                getattr(item, "caption_entities", None),
            ),
        )
        for item in method.media
    ]
    for _ in ready:
        call.telegram.flood.count(call.bot.id, chat.person.id)
    group = str(secrets.randbits(60))
    return [
        call.telegram.post(chat, content, outgoing=True, file=file, reply_to=reply_to, media_group_id=group).as_api()
        for file, content in ready
    ]
