"""Sending text, drafts and "typing…", copying and forwarding."""

from __future__ import annotations

from aiogram.methods import (
    CopyMessage,
    ForwardMessage,
    SendChatAction,
    SendMessage,
    SendMessageDraft,
    SetMessageReaction,
)
from aiogram.types import ReactionTypeEmoji, ReplyParameters

from manager_bot.demo.telegram.chats import Chat
from manager_bot.demo.telegram.errors import bad_request, not_emulated
from manager_bot.demo.telegram.formatting import TEXT_LIMIT, Formatted, formatted, utf16_length
from manager_bot.demo.telegram.messages import Message
from manager_bot.demo.telegram.methods.markup import checked_markup
from manager_bot.demo.telegram.methods.registry import Call, answers
from manager_bot.demo.telegram.reactions import is_reaction

ACTIONS = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
        "choose_sticker", "find_location", "record_video_note", "upload_video_note",
    }
)  # fmt: skip


def mode(parse_mode: object) -> str | None:
    """aiogram's models stand in a marker where nothing was sent."""
    return parse_mode if isinstance(parse_mode, str) else None


def replied_to(
    chat: Chat, parameters: ReplyParameters | None, message_id: int | None, optional: bool | None
) -> Message | None:
    """The message answered; both the current and the older way of naming it."""
    wanted = parameters.message_id if parameters else message_id
    if not wanted:
        return None
    message = chat.message(wanted)
    if message is None and not (optional or (parameters and parameters.allow_sending_without_reply is True)):
        raise bad_request("message to be replied not found")
    return message


def message_text(text: str, parse_mode: object, entities: object) -> Formatted:
    if not text:
        raise bad_request("message text is empty")
    content = formatted(text, mode(parse_mode), entities if isinstance(entities, list) else None)
    if not content.text:
        raise bad_request("text must be non-empty")
    return content


@answers(SendMessage)
async def send_message(call: Call, method: SendMessage) -> object:
    chat = call.telegram.chats.writable(call.bot, method.chat_id)
    content = message_text(method.text, method.parse_mode, method.entities)
    if utf16_length(content.text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    markup = checked_markup(call.bot, method.reply_markup)
    reply_to = replied_to(chat, method.reply_parameters, method.reply_to_message_id, method.allow_sending_without_reply)
    call.telegram.flood.count(call.bot.id, chat.person.id)
    return call.telegram.post(chat, content, outgoing=True, markup=markup, reply_to=reply_to).as_api()


@answers(SendMessageDraft)
async def send_message_draft(call: Call, method: SendMessageDraft) -> object:
    chat = call.telegram.chats.writable(call.bot, method.chat_id)
    if not method.draft_id:
        raise bad_request("draft_id must be non-zero")
    chat.draft = formatted(method.text or "", mode(method.parse_mode), method.entities).text
    call.telegram.events.publish("typing", chat=chat.as_seen(call.telegram.clock.now()))
    return True


@answers(SendChatAction)
async def send_chat_action(call: Call, method: SendChatAction) -> object:
    chat = call.telegram.chats.writable(call.bot, method.chat_id)
    if method.action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    now = call.telegram.clock.now()
    chat.act(method.action, now)
    call.telegram.events.publish("typing", chat=chat.as_seen(now))
    return True


@answers(SetMessageReaction)
async def set_message_reaction(call: Call, method: SetMessageReaction) -> object:
    chat = call.telegram.chats.writable(call.bot, method.chat_id)
    message = chat.message(method.message_id)
    if message is None:
        raise bad_request("message to react not found")
    reactions = method.reaction or []
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    given: list[dict[str, object]] = []
    for reaction in reactions:
        if not isinstance(reaction, ReactionTypeEmoji):
            raise not_emulated("any reaction but an emoji")
        if not is_reaction(reaction.emoji):
            raise bad_request("REACTION_INVALID")
        given.append({"type": "emoji", "emoji": reaction.emoji})
    message.reactions[call.bot.id] = given
    call.telegram.events.publish("reaction", message=message.as_seen())
    return True


def _source(call: Call, from_chat_id: int | str, message_id: int, verb: str) -> Message:
    message = call.telegram.chats.known(call.bot, from_chat_id).message(message_id)
    if message is None:
        raise bad_request(f"message to {verb} not found")
    if message.service:
        raise bad_request(f"message can't be {'copied' if verb == 'copy' else 'forwarded'}")
    return message


@answers(ForwardMessage)
async def forward_message(call: Call, method: ForwardMessage) -> object:
    chat = call.telegram.chats.writable(call.bot, method.chat_id)
    source = _source(call, method.from_chat_id, method.message_id, "forward")
    call.telegram.flood.count(call.bot.id, chat.person.id)
    sender = source.bot.as_user() if source.outgoing else source.person.as_user()
    origin: dict[str, object] = {"forward_origin": {"type": "user", "sender_user": sender, "date": int(source.date)}}
    sent = call.telegram.post(chat, source.content, outgoing=True, file=source.file, service=origin)
    return sent.as_api()


@answers(CopyMessage)
async def copy_message(call: Call, method: CopyMessage) -> object:
    chat = call.telegram.chats.writable(call.bot, method.chat_id)
    source = _source(call, method.from_chat_id, method.message_id, "copy")
    content = source.content
    if method.caption is not None and source.file is not None:
        content = formatted(method.caption, mode(method.parse_mode), method.caption_entities)
    markup = checked_markup(call.bot, method.reply_markup)
    call.telegram.flood.count(call.bot.id, chat.person.id)
    sent = call.telegram.post(chat, content, outgoing=True, file=source.file, markup=markup)
    return {"message_id": sent.id}
