"""Private chats of a person with a bot."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiogram.types import ReplyKeyboardMarkup, ReplyKeyboardRemove

from manager_bot.demo.clock import Clock
from manager_bot.demo.telegram.bots import Bot
from manager_bot.demo.telegram.errors import bad_request, forbidden
from manager_bot.demo.telegram.messages import Markup, Message, markup_json
from manager_bot.demo.telegram.people import People, Person

TYPING_SECONDS = 5.0


@dataclass(slots=True)
class Chat:
    """One person's chat with one bot."""

    bot: Bot
    person: Person
    messages: dict[int, Message] = field(default_factory=dict)
    started: bool = False
    """The person has written first; before, the bot may not."""
    blocked: bool = False
    keyboard: ReplyKeyboardMarkup | None = None
    draft: str | None = None
    _action: tuple[str, float] | None = None

    def message(self, message_id: int) -> Message | None:
        """A message both still see."""
        message = self.messages.get(message_id)
        return message if message and not message.deleted else None

    def take(self, message: Message) -> None:
        """Put a message in the chat; a bot's message ends its "typing…" and may bring a keyboard."""
        self.messages[message.id] = message
        if message.outgoing:
            self._action = None
            self.draft = None
            self._show(message.markup)

    def _show(self, markup: Markup | None) -> None:
        if isinstance(markup, ReplyKeyboardMarkup):
            self.keyboard = markup
        elif isinstance(markup, ReplyKeyboardRemove):
            self.keyboard = None

    def act(self, action: str, now: float) -> None:
        self._action = (action, now + TYPING_SECONDS)

    def action(self, now: float) -> str | None:
        """ "typing" and the like, for five seconds or until a message arrives."""
        return self._action[0] if self._action and self._action[1] > now else None

    def as_seen(self, now: float) -> dict[str, object]:
        return {
            "bot": self.bot.username,
            "bot_id": self.bot.id,
            "bot_name": self.bot.name,
            "person": self.person.id,
            "started": self.started,
            "blocked": self.blocked,
            "action": self.action(now),
            "draft": self.draft,
            "keyboard": markup_json(self.keyboard)["keyboard"] if self.keyboard else None,
        }


@dataclass(slots=True)
class Chats:
    """The register of chats."""

    people: People
    clock: Clock
    by_pair: dict[tuple[int, int], Chat] = field(default_factory=dict)

    def between(self, bot: Bot, person: Person) -> Chat:
        return self.by_pair.setdefault((bot.id, person.id), Chat(bot, person))

    def known(self, bot: Bot, chat_id: int | str) -> Chat:
        """The chat a bot names; only people are addressed by number, as in Telegram."""
        person = self.people.by_id.get(chat_id) if isinstance(chat_id, int) else None
        if person is None:
            raise bad_request("chat not found")
        return self.between(bot, person)

    def writable(self, bot: Bot, chat_id: int | str) -> Chat:
        """The chat a bot may write to now."""
        if chat_id == bot.id:
            raise forbidden("the bot can't send messages to the bot")
        chat = self.known(bot, chat_id)
        if not chat.started:
            raise forbidden("bot can't initiate conversation with a user")
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        return chat
