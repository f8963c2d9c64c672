"""The record of every Bot API call, without tokens."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from manager_bot.demo.events import EventBus
from manager_bot.demo.telegram.redact import redact, redacted

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call and how it ended."""

    number: int
    at: float
    bot_id: int | None
    bot: str | None
    method: str
    parameters: object
    status: int
    description: str | None
    seconds: float

    def as_json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__} | {"ok": self.status == 200}


@dataclass(slots=True)
class Transcript:
    """Newest last; the results of calls are not kept, for some are secrets."""

    events: EventBus
    calls: deque[ApiCall] = field(default_factory=lambda: deque(maxlen=KEPT))
    _number: int = 0

    def add(
        self,
        *,
        at: float,
        bot: tuple[int, str] | None,
        method: str,
        parameters: object,
        status: int,
        description: str | None,
        seconds: float,
    ) -> None:
        self._number += 1
        bot_id, username = bot or (None, None)
        text = redact(description) if description else None
        call = ApiCall(
            self._number, at, bot_id, username, redact(method), redacted(parameters), status, text, round(seconds, 4)
        )
        self.calls.append(call)
        self.events.publish("api_call", call=call.as_json())

    def select(self, *, bot: str | None, method: str | None, ok: bool | None, after: int, limit: int) -> list[ApiCall]:
        """The newest `limit` calls after number `after` that fit the filters."""
        wanted = [
            call
            for call in self.calls
            if call.number > after
            and (bot is None or bot.removeprefix("@").lower() in {str(call.bot_id), (call.bot or "").lower()})
            and (method is None or call.method.lower() == method.lower())
            and (ok is None or (call.status == 200) is ok)
        ]
        return wanted[-limit:]
