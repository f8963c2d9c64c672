"""What people do in their Telegram clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from aiogram.types import InlineKeyboardButton, KeyboardButton

from manager_bot.demo.telegram.bots import Bot
from manager_bot.demo.telegram.chats import Chat
from manager_bot.demo.telegram.files import Upload
from manager_bot.demo.telegram.formatting import TEXT_LIMIT, formatted, utf16_length
from manager_bot.demo.telegram.messages import Message
from manager_bot.demo.telegram.people import Person
from manager_bot.demo.telegram.presses import Press
from manager_bot.demo.telegram.reactions import is_reaction
from manager_bot.demo.telegram.state import Telegram

_B = TypeVar("_B", InlineKeyboardButton, KeyboardButton)


def by_words(buttons: list[_B], text: str) -> list[_B]:
    """The button that reads so; else those that contain it, for labels start with an emoji."""
    exact = [button for button in buttons if button.text == text]
    return exact or [button for button in buttons if text and text in button.text]


class Impossible(ValueError):
    """Something a Telegram client would not let a person do."""


@dataclass(frozen=True, slots=True)
class Acts:
    """One method for each thing a person can do in a chat."""

    telegram: Telegram

    def chat(self, person: Person, bot: Bot) -> Chat:
        return self.telegram.chats.between(bot, person)

    def send(self, chat: Chat, text: str, *, upload: Upload | None, kind: str, reply_to: int | None) -> Message:
        """A message, with a file or without; the first one opens the chat."""
        if chat.blocked:
            raise Impossible("unblock the bot first")
        content = formatted(text, None, None)
        if not content.text and upload is None:
            raise Impossible("there is nothing to send")
        if utf16_length(content.text) > TEXT_LIMIT:
            raise Impossible("a client cuts a longer text into several messages")
        replied = self.visible(chat, reply_to) if reply_to is not None else None
        chat.started = True
        file = self.telegram.files.store(chat.bot.id, kind, upload) if upload else None
        return self.telegram.post(chat, content, outgoing=False, file=file, reply_to=replied)

    def edit(self, chat: Chat, message_id: int, text: str) -> Message:
        message = self.visible(chat, message_id)
        if message.outgoing:
            raise Impossible("only one's own messages can be edited")
        message.content = formatted(text, None, None)
        self.telegram.edited(message)
        return message

    def delete(self, chat: Chat, message_id: int) -> Message:
        """Deleted for both; a bot is not told."""
        message = self.visible(chat, message_id)
        self.telegram.delete(message)
        return message

    def find_inline(
        self, chat: Chat, text: str | None, data: str | None, message_id: int | None
    ) -> tuple[Message, InlineKeyboardButton] | None:
        """The newest button of this text or data that the person sees."""
        for message in sorted(chat.messages.values(), key=lambda m: -m.id):
            if message.deleted or message.inline is None or message_id not in {None, message.id}:
                continue
            buttons = [button for row in message.inline.inline_keyboard for button in row]
            if data is not None:
                fits = [button for button in buttons if button.callback_data == data]
            else:
                fits = by_words(buttons, text or "")
            if fits:
                return message, fits[0]
        return None

    def press(self, message: Message, data: str) -> Press:
        """A tap on a callback button, which then spins until it is answered."""
        chat = self.chat(message.person, message.bot)
        if chat.blocked:
            raise Impossible("unblock the bot first")
        press = self.telegram.presses.start(message, data)
        self.telegram.events.publish("press", message=message.as_seen(), data=data)
        message.bot.updates.put("callback_query", press.as_api())
        return press

    def find_key(self, chat: Chat, text: str) -> KeyboardButton | None:
        """A key of the keyboard under the chat."""
        rows = chat.keyboard.keyboard if chat.keyboard else []
        fits = by_words([key for row in rows for key in row], text)
        return fits[0] if fits else None

    def press_key(self, chat: Chat, key: KeyboardButton, *, username: str | None, name: str | None) -> Message:
        """A key sends its text, or makes a managed bot where it asks for one."""
        if key.request_contact or key.request_location or key.request_poll or key.web_app or key.request_chat:
            raise Impossible("this kind of key is not emulated")
        wish = key.request_managed_bot
        if wish is None:
            sent = self.send(chat, key.text, upload=None, kind="document", reply_to=None)
        else:
            username = username or wish.suggested_username or ""
            name = name or wish.suggested_name or username
            bot = self.telegram.create_managed_bot(chat.bot, chat.person, username, name)
            service: dict[str, object] = {"managed_bot_created": {"bot": bot.as_user()}}
            sent = self.telegram.post(chat, outgoing=False, service=service)
        if chat.keyboard is not None and chat.keyboard.one_time_keyboard:
            chat.keyboard = None
        return sent

    def react(self, chat: Chat, message_id: int, emoji: str | None) -> Message:
        message = self.visible(chat, message_id)
        if emoji and not is_reaction(emoji):
            raise Impossible(f"{emoji} is no reaction")
        old = message.reactions.get(chat.person.id, [])
        new: list[dict[str, object]] = [{"type": "emoji", "emoji": emoji}] if emoji else []
        message.reactions[chat.person.id] = new
        self.telegram.events.publish("reaction", message=message.as_seen())
        chat.bot.updates.put(
            "message_reaction",
            {
                "chat": chat.person.as_chat(),
                "message_id": message.id,
                "user": chat.person.as_user(),
                "date": int(self.telegram.clock.now()),
                "old_reaction": old,
                "new_reaction": new,
            },
        )
        return message

    def block(self, chat: Chat, blocked: bool) -> None:
        """Block or unblock the bot, which is told so."""
        if chat.blocked == blocked:
            return
        chat.blocked = blocked
        member: dict[str, object] = {"user": chat.bot.as_user(), "status": "member"}
        kicked: dict[str, object] = {"user": chat.bot.as_user(), "status": "kicked", "until_date": 0}
        chat.bot.updates.put(
            "my_chat_member",
            {
                "chat": chat.person.as_chat(),
                "from": chat.person.as_user(),
                "date": int(self.telegram.clock.now()),
                "old_chat_member": member if blocked else kicked,
                "new_chat_member": kicked if blocked else member,
            },
        )
        self.telegram.events.publish("block", chat=chat.as_seen(self.telegram.clock.now()))

    def visible(self, chat: Chat, message_id: int) -> Message:
        message = chat.message(message_id)
        if message is None:
            raise Impossible(f"there is no message {message_id} in this chat")
        return message
