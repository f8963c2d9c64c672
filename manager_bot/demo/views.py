"""What the world's control API answers, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class BotView:
    """A bot as BotFather shows it; the token only right after it was made."""

    id: int
    username: str
    name: str
    owner_id: int
    manager_id: int | None
    can_manage_bots: bool
    webhook: str | None
    pending_updates: int
    polling: bool
    polls: int
    token: str = field(default="", repr=False)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class ButtonView:
    """An inline button."""

    text: str
    data: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class FileView:
    """A file in a message; `url` is relative to the world's root."""

    kind: str
    name: str
    mime_type: str
    size: int
    width: int
    height: int
    url: str


_UNCHANGED = ("bot", "outgoing", "date", "text", "reply_to", "service", "edited", "edit_date", "deleted", "pinned")


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as the person sees it now."""

    id: int
    bot: str
    outgoing: bool
    """Sent by the bot."""
    date: float
    text: str
    entities: tuple[Mapping[str, Any], ...]
    file: FileView | None
    buttons: tuple[tuple[ButtonView, ...], ...]
    reply_to: int | None
    service: Mapping[str, Any]
    edited: bool
    edit_date: float | None
    deleted: bool
    pinned: bool
    reactions: tuple[str, ...]

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        rows = tuple(
            tuple(ButtonView(b["text"], b.get("callback_data"), b.get("url")) for b in row) for row in data["buttons"]
        )
        same = {name: data[name] for name in _UNCHANGED}
        return cls(
            id=data["message_id"],
            entities=tuple(data["entities"]),
            file=FileView(**data["file"]) if data["file"] else None,
            buttons=rows,
            reactions=tuple(r["emoji"] for r in data["reactions"]),
            **same,
        )

    def button(self, text: str) -> ButtonView | None:
        """The first button whose text is, or else contains, this."""
        every = [button for row in self.buttons for button in row]
        exact = next((button for button in every if button.text == text), None)
        return exact or next((button for button in every if text in button.text), None)

    def has_button(self, text: str) -> bool:
        return self.button(text) is not None

    def brief(self) -> str:
        """One line for a person reading a failed test."""
        who = f"@{self.bot}" if self.outgoing else "me"
        flags = " (deleted)" if self.deleted else " (edited)" if self.edited else ""
        keys = " ".join(f"[{button.text}]" for row in self.buttons for button in row)
        return f"#{self.id} {who}{flags}: {self.text!r} {keys}".rstrip()


@dataclass(frozen=True, slots=True)
class ChatView:
    """A chat with all its messages."""

    bot: str
    bot_id: int
    bot_name: str
    person: int
    started: bool
    blocked: bool
    action: str | None
    draft: str | None
    keyboard: tuple[tuple[str, ...], ...]
    messages: tuple[MessageView, ...]

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        keys = tuple(tuple(str(key["text"]) for key in row) for row in data["keyboard"] or ())
        messages = tuple(MessageView.read(message) for message in data["messages"])
        return cls(**{**data, "keyboard": keys, "messages": messages})


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a tap brought: `kind` is callback, url, message or managed_bot."""

    kind: str
    answered: bool
    """A callback's spinner stopped within the wait."""
    text: str | None
    alert: bool
    url: str | None
    message: MessageView | None

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        answer = data.get("answer") or {}
        return cls(
            kind=data["kind"],
            answered=bool(answer),
            text=answer.get("text"),
            alert=bool(answer.get("alert")),
            url=data.get("url") or answer.get("url"),
            message=MessageView.read(data["message"]) if data.get("message") else None,
        )


@dataclass(frozen=True, slots=True)
class ApiCallView:
    """One Bot API call of the transcript."""

    number: int
    at: float
    bot_id: int | None
    bot: str | None
    method: str
    parameters: Mapping[str, Any]
    status: int
    description: str | None
    seconds: float
    ok: bool

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)
