"""One message, as its bot and as its person see it."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiogram.types import ForceReply, InlineKeyboardMarkup, ReplyKeyboardMarkup, ReplyKeyboardRemove

from manager_bot.demo.telegram.bots import Bot
from manager_bot.demo.telegram.files import StoredFile
from manager_bot.demo.telegram.formatting import Formatted
from manager_bot.demo.telegram.people import Person

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply


def markup_json(markup: Markup) -> dict[str, object]:
    dumped: dict[str, object] = markup.model_dump(mode="json", exclude_none=True)
    return dumped


@dataclass(slots=True)
class Message:
    """One message of a private chat."""

    id: int
    bot: Bot
    person: Person
    outgoing: bool
    """Sent by the bot."""
    date: float
    content: Formatted
    """The text, or the caption where there is a file."""
    file: StoredFile | None = None
    markup: Markup | None = None
    reply_to: Message | None = None
    service: dict[str, object] = field(default_factory=dict)
    media_group_id: str | None = None
    edit_date: float | None = None
    deleted: bool = False
    pinned: bool = False
    reactions: dict[int, list[dict[str, object]]] = field(default_factory=dict)
    """By who reacted."""

    @property
    def inline(self) -> InlineKeyboardMarkup | None:
        return self.markup if isinstance(self.markup, InlineKeyboardMarkup) else None

    def as_api(self, *, with_reply: bool = True) -> dict[str, object]:
        """The Bot API's Message."""
        body: dict[str, object] = {
            "message_id": self.id,
            "from": self.bot.as_user() if self.outgoing else self.person.as_user(),
            "chat": self.person.as_chat(),
            "date": int(self.date),
            **self._content(),
            **self.service,
        }
        if self.edit_date is not None:
            body["edit_date"] = int(self.edit_date)
        if self.reply_to is not None and with_reply:
            body["reply_to_message"] = self.reply_to.as_api(with_reply=False)
        if self.media_group_id:
            body["media_group_id"] = self.media_group_id
        if self.inline is not None:
            body["reply_markup"] = markup_json(self.inline)
        return body

    def as_seen(self) -> dict[str, object]:
        """What the person's client shows, for the control API."""
        return {
            "message_id": self.id,
            "bot": self.bot.username,
            "bot_id": self.bot.id,
            "person": self.person.id,
            "outgoing": self.outgoing,
            "date": self.date,
            "text": self.content.text,
            "entities": self.content.entities_json(),
            "file": self._file_seen(),
            "buttons": self._rows(),
            "reply_to": self.reply_to.id if self.reply_to else None,
            "service": self.service,
            "media_group_id": self.media_group_id,
            "edited": self.edit_date is not None,
            "edit_date": self.edit_date,
            "deleted": self.deleted,
            "pinned": self.pinned,
            "reactions": [r for given in self.reactions.values() for r in given],
        }

    def _content(self) -> dict[str, object]:
        name = "caption" if self.file else "text"
        body: dict[str, object] = {}
        if self.content.text:
            body[name] = self.content.text
        if self.content.entities:
            body["caption_entities" if self.file else "entities"] = self.content.entities_json()
        if self.file is not None:
            body[self.file.kind] = self.file.as_media()
        return body

    def _file_seen(self) -> dict[str, object] | None:
        if self.file is None:
            return None
        upload = self.file.upload
        return {
            "kind": self.file.kind,
            "name": upload.name,
            "mime_type": upload.content_type,
            "size": len(upload.data),
            "width": self.file.width,
            "height": self.file.height,
            "url": f"/world/files/{self.file.unique_id}",
        }

    def _rows(self) -> list[list[dict[str, object]]]:
        if self.inline is None:
            return []
        return [
            [button.model_dump(mode="json", exclude_none=True) for button in row] for row in self.inline.inline_keyboard
        ]
