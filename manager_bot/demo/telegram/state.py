"""All of the emulated Telegram: its registers, and the few acts that touch several of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from manager_bot.demo.clock import Clock
from manager_bot.demo.events import EventBus
from manager_bot.demo.telegram.bots import Bot, Bots
from manager_bot.demo.telegram.chats import Chat, Chats
from manager_bot.demo.telegram.faults import Faults
from manager_bot.demo.telegram.files import Files, StoredFile
from manager_bot.demo.telegram.flood import Flood
from manager_bot.demo.telegram.formatting import Formatted
from manager_bot.demo.telegram.messages import Markup, Message
from manager_bot.demo.telegram.people import People, Person
from manager_bot.demo.telegram.presses import Presses
from manager_bot.demo.telegram.transcript import Transcript

NOTHING = Formatted("")


@dataclass(slots=True)
class Telegram:
    """The one state behind both the Bot API and the control API."""

    clock: Clock
    events: EventBus
    people: People = field(init=False)
    files: Files = field(init=False)
    flood: Flood = field(init=False)
    faults: Faults = field(init=False)
    bots: Bots = field(init=False)
    chats: Chats = field(init=False)
    presses: Presses = field(init=False)
    transcript: Transcript = field(init=False)
    started_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.people = People()
        self.files = Files()
        self.flood = Flood()
        self.faults = Faults()
        self.bots = Bots(self.clock)
        self.chats = Chats(self.people, self.clock)
        self.presses = Presses(self.clock)
        self.transcript = Transcript(self.events)
        self.started_at = self.clock.now()

    def reset(self) -> None:
        """As on the first day; who still polls learns that the bot is gone."""
        for bot in list(self.bots.by_id.values()):
            self.bots.delete(bot)
        self._begin()
        self.events.publish("reset")

    def post(
        self,
        chat: Chat,
        content: Formatted = NOTHING,
        *,
        outgoing: bool,
        file: StoredFile | None = None,
        markup: Markup | None = None,
        reply_to: Message | None = None,
        service: dict[str, object] | None = None,
        media_group_id: str | None = None,
    ) -> Message:
        """Put a message in a chat; a person's message also becomes an update for the bot."""
        message = Message(
            id=next(chat.bot.message_ids),
            bot=chat.bot,
            person=chat.person,
            outgoing=outgoing,
            date=self.clock.now(),
            content=content,
            file=file,
            markup=markup,
            reply_to=reply_to,
            service=service or {},
            media_group_id=media_group_id,
        )
        chat.take(message)
        self.events.publish("message", message=message.as_seen(), chat=chat.as_seen(self.clock.now()))
        if not outgoing:
            chat.bot.updates.put("message", message.as_api())
        return message

    def edited(self, message: Message) -> None:
        """A message got new content or buttons."""
        message.edit_date = self.clock.now()
        self.events.publish("edit", message=message.as_seen())
        if not message.outgoing:
            message.bot.updates.put("edited_message", message.as_api())

    def delete(self, message: Message) -> None:
        message.deleted = True
        self.events.publish("delete", message=message.as_seen())

    def create_managed_bot(self, manager: Bot, person: Person, username: str, name: str) -> Bot:
        """What a person's confirmation of "create a bot for …" does; the manager is told."""
        if not manager.can_manage_bots:
            raise ValueError(f"@{manager.username} may not manage bots")
        bot = self.bots.add(username, name, person.id, manager_id=manager.id)
        self.events.publish("bot", bot=bot.as_json())
        self.tell_manager(bot)
        return bot

    def tell_manager(self, bot: Bot) -> None:
        """Creation, new token and new owner of a managed bot reach its manager as one kind of update."""
        manager = self.bots.by_id.get(bot.manager_id or 0)
        owner = self.people.by_id.get(bot.owner_id)
        if manager and owner:
            manager.updates.put("managed_bot", {"user": owner.as_user(), "bot": bot.as_user()})

    def revoke_token(self, bot: Bot) -> str:
        token = self.bots.replace_token(bot)
        self.events.publish("token_replaced", bot=bot.as_json())
        self.tell_manager(bot)
        return token
