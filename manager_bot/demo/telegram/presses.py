"""Presses of inline buttons, each waiting for its one answer."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from manager_bot.demo.clock import Clock
from manager_bot.demo.telegram.errors import bad_request
from manager_bot.demo.telegram.messages import Message

ANSWERABLE_SECONDS = 30.0
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person sees after a press: a short notice, or an alert box, or nothing."""

    text: str | None
    alert: bool
    url: str | None

    def as_json(self) -> dict[str, object]:
        return {"text": self.text, "alert": self.alert, "url": self.url}


@dataclass(slots=True)
class Press:
    """One press; the button spins until `answered` is set."""

    id: str
    message: Message
    data: str
    at: float
    answer: Answer | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def as_api(self) -> dict[str, object]:
        return {
            "id": self.id,
            "from": self.message.person.as_user(),
            "message": self.message.as_api(),
            "chat_instance": str(self.message.bot.id * 31 + self.message.person.id),
            "data": self.data,
        }


@dataclass(slots=True)
class Presses:
    """All presses not answered yet."""

    clock: Clock
    open: dict[str, Press] = field(default_factory=dict)

    def start(self, message: Message, data: str) -> Press:
        press = Press(str(secrets.randbits(62)), message, data, self.clock.now())
        self.open[press.id] = press
        return press

    def answer(self, bot_id: int, press_id: str, answer: Answer) -> Press:
        """The first answer within the time counts; any other is refused."""
        press = self.open.get(press_id)
        if press is None or press.message.bot.id != bot_id:
            raise bad_request(TOO_OLD)
        del self.open[press_id]
        if self.clock.now() - press.at > ANSWERABLE_SECONDS:
            raise bad_request(TOO_OLD)
        press.answer = answer
        press.answered.set()
        return press
