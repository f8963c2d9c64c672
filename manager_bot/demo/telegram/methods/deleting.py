"""Deleting and pinning messages."""

from __future__ import annotations

from aiogram.methods import DeleteMessage, DeleteMessages, PinChatMessage, UnpinAllChatMessages, UnpinChatMessage

from manager_bot.demo.telegram.chats import Chat
from manager_bot.demo.telegram.errors import bad_request
from manager_bot.demo.telegram.methods.registry import Call, answers

DELETABLE_SECONDS = 48 * 3600


@answers(DeleteMessage)
async def delete_message(call: Call, method: DeleteMessage) -> object:
    """In a private chat a bot may delete both sides' messages, for 48 hours."""
    chat = call.telegram.chats.known(call.bot, method.chat_id)
    message = chat.message(method.message_id)
    if message is None:
        raise bad_request("message to delete not found")
    if call.telegram.clock.now() - message.date > DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    call.telegram.delete(message)
    return True


@answers(DeleteMessages)
async def delete_messages(call: Call, method: DeleteMessages) -> object:
    """Many at once; those that cannot be found are skipped, as Telegram says."""
    chat = call.telegram.chats.known(call.bot, method.chat_id)
    if not method.message_ids:
        raise bad_request("message identifiers are not specified")
    if len(method.message_ids) > 100:
        raise bad_request("too many message identifiers specified")
    found = [message for number in method.message_ids if (message := chat.message(number))]
    if any(call.telegram.clock.now() - message.date > DELETABLE_SECONDS for message in found):
        raise bad_request("message can't be deleted for everyone")
    for message in found:
        call.telegram.delete(message)
    return True


@answers(PinChatMessage)
async def pin_chat_message(call: Call, method: PinChatMessage) -> object:
    message = call.telegram.chats.writable(call.bot, method.chat_id).message(method.message_id)
    if message is None:
        raise bad_request("message to pin not found")
    message.pinned = True
    call.telegram.events.publish("pin", message=message.as_seen())
    return True


def _unpin(call: Call, chat: Chat, only: int | None) -> None:
    for message in chat.messages.values():
        if message.pinned and only in {None, message.id}:
            message.pinned = False
            call.telegram.events.publish("pin", message=message.as_seen())


@answers(UnpinChatMessage)
async def unpin_chat_message(call: Call, method: UnpinChatMessage) -> object:
    chat = call.telegram.chats.writable(call.bot, method.chat_id)
    pinned = [message.id for message in chat.messages.values() if message.pinned and not message.deleted]
    wanted = method.message_id or max(pinned, default=0)
    if wanted not in pinned:
        raise bad_request("message to unpin not found")
    _unpin(call, chat, wanted)
    return True


@answers(UnpinAllChatMessages)
async def unpin_all_chat_messages(call: Call, method: UnpinAllChatMessages) -> object:
    _unpin(call, call.telegram.chats.writable(call.bot, method.chat_id), None)
    return True
