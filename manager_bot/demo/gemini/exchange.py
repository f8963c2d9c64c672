"""One request being answered: what every verb's handler needs."""

from __future__ import annotations

from dataclasses import dataclass

from manager_bot.demo.gemini.catalogue import Model
from manager_bot.demo.gemini.errors import JsonObject
from manager_bot.demo.gemini.ledger import Served
from manager_bot.demo.gemini.script import Asked
from manager_bot.demo.gemini.state import GeminiState
from manager_bot.demo.gemini.wire import Wire
from manager_bot.demo.gemini.words import last_words, pending_results


@dataclass(frozen=True, slots=True)
class Exchange:
    """A parsed, authenticated request and where its answer goes."""

    state: GeminiState
    wire: Wire
    row: Served
    model: Model
    key: str
    body: JsonObject

    def asked(self) -> Asked:
        """The request as matchers see it."""
        tools = tuple(result.name for result in pending_results(self.body))
        return Asked(last_words(self.body), self.model.id, self.key, self.row.verb, tools)
