"""From an agent's request to what Gemini is asked: the policies, in their order, before the forward."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from manager_bot.config import Settings
from manager_bot.gateway.callers import Caller
from manager_bot.gateway.gemini.catalogue import tier_named
from manager_bot.gateway.gemini.requests import output_of
from manager_bot.gateway.policy.body import JsonObject
from manager_bot.gateway.policy.tokens import estimate_request
from manager_bot.gateway.policy.truncation import truncate_body
from manager_bot.gateway.policy.words import RequestKind, Turn, read_turn
from manager_bot.gateway.routing import choose_tier
from manager_bot.services.holds import Ask
from models import Source

_MOST_TURNS: Final = 10_000
_SOURCES: Final = {
    RequestKind.CHAT: Source.CHAT,
    RequestKind.TOOL_LOOP: Source.TOOL_LOOP,
    RequestKind.HEARTBEAT: Source.HEARTBEAT,
    RequestKind.COMPACTION: Source.COMPACTION,
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready to be reserved for and forwarded; ``body`` is the very object given where nothing was changed."""

    body: JsonObject
    turn: Turn
    ask: Ask


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The policies over one request. Remembers which turns were counted, so that a repeated request is one message."""

    settings: Settings
    _counted: OrderedDict[tuple[int, str], None] = field(default_factory=OrderedDict)

    def prepare(self, caller: Caller, model: str, body: JsonObject) -> Prepared:
        """Route by the person's words, shorten tool results, estimate what is left.

        What is held is estimated on what will be sent; nothing is sent before it is held.
        """
        turn = read_turn(body)
        tier = tier_named(self.settings, model) or choose_tier(turn)
        shaped = truncate_body(body).body
        ask = Ask(
            user_id=caller.user_id,
            plan=caller.plan,
            prompt=estimate_request(shaped),
            output=output_of(shaped).held,
            tier=tier,
            source=_SOURCES[turn.kind],
            messages=int(turn.is_message and (caller.user_id, turn.key) not in self._counted),
            own_key=caller.own_key is not None,
        )
        return Prepared(shaped, turn, ask)

    def answered(self, prepared: Prepared) -> None:
        """Gemini answered: the turn is counted from now on."""
        self._counted[prepared.ask.user_id, prepared.turn.key] = None
        if len(self._counted) > _MOST_TURNS:
            self._counted.popitem(last=False)
