"""From an agent's request to what Gemini is asked: the policies, in their order, before the forward."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.gemini.anchors import Anchors, Estimate
from manager_bot.gateway.gemini.catalogue import tier_named
from manager_bot.gateway.gemini.errors import GeminiError
from manager_bot.gateway.gemini.requests import output_of
from manager_bot.gateway.gemini.summaries import Summariser
from manager_bot.gateway.parts import Parts
from manager_bot.gateway.policy.body import JsonObject
from manager_bot.gateway.policy.context import ContextPlan, TextTooLong, plan_context
from manager_bot.gateway.policy.housekeeping import fit_transcript
from manager_bot.gateway.policy.tokens import estimate_request
from manager_bot.gateway.policy.truncation import truncate_body
from manager_bot.gateway.policy.window import TRIGGER
from manager_bot.gateway.policy.words import RequestKind, Turn, read_turn
from manager_bot.gateway.routing import choose_tier
from manager_bot.services.holds import Ask
from manager_bot.services.outbox import NoticeKind
from models import Source

_MOST_TURNS: Final = 10_000
_CHARACTERS_PER_TOKEN: Final = 4
"""Of tool output cut away: it has fewer, so that a saving is rather told too small."""
_SOURCES: Final = {
    RequestKind.CHAT: Source.CHAT,
    RequestKind.TOOL_LOOP: Source.TOOL_LOOP,
    RequestKind.HEARTBEAT: Source.HEARTBEAT,
    RequestKind.COMPACTION: Source.COMPACTION,
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready to be reserved for and forwarded; ``body`` is the very object given where nothing was changed.

    ``saved`` are the prompt tokens that truncation and compaction spared.
    """

    body: JsonObject
    turn: Turn
    ask: Ask
    agent_id: int
    estimate: Estimate
    saved: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The policies over one request. Remembers which turns were counted, so that a repeated request is one message."""

    parts: Parts
    summariser: Summariser
    anchors: Anchors = field(default_factory=Anchors)
    _counted: OrderedDict[tuple[int, str], None] = field(default_factory=OrderedDict)

    async def prepare(self, caller: Caller, model: str, body: JsonObject) -> Prepared:
        """Shorten tool results, fit the window, route by the person's words, estimate what is left.

        What is held is estimated on what will be sent; nothing is sent before it is held. Raises
        :class:`GeminiError` for a text that cannot fit.
        """
        turn = read_turn(body)
        cut = truncate_body(body)
        shaped, saved = cut.body, cut.characters_saved // _CHARACTERS_PER_TOKEN
        estimate = self.anchors.estimate(caller.agent_id, shaped)
        if estimate.tokens > TRIGGER:
            before = estimate.tokens
            shaped = await self._fit(caller, turn, shaped, before)
            estimate = self.anchors.estimate(caller.agent_id, shaped)
            saved += max(0, before - estimate.tokens)
        ask = Ask(
            user_id=caller.user_id,
            plan=caller.plan,
            prompt=estimate.tokens,
            output=output_of(shaped).held,
            tier=tier_named(self.parts.settings, model) or choose_tier(turn, caller.wish, caller.plan),
            source=_SOURCES[turn.kind],
            messages=int(turn.is_message and (caller.user_id, turn.key) not in self._counted),
            own_key=caller.own_key is not None,
        )
        return Prepared(shaped, turn, ask, caller.agent_id, estimate, saved)

    def answered(self, prepared: Prepared) -> None:
        """Gemini answered: the turn is counted from now on."""
        self._counted[prepared.ask.user_id, prepared.turn.key] = None
        if len(self._counted) > _MOST_TURNS:
            self._counted.popitem(last=False)

    async def _fit(self, caller: Caller, turn: Turn, body: JsonObject, tokens: int) -> JsonObject:
        """The request within its window; a summary that is missing or late never holds it up for long."""
        if turn.kind is RequestKind.COMPACTION:
            body = fit_transcript(body)
            tokens = estimate_request(body)
        try:
            plan = self._plan(caller, body, tokens)
        except TextTooLong as error:
            await self._tell_too_long(caller, turn)
            raise GeminiError(400, str(error)) from None
        if plan.job is None:
            return plan.forward()
        return plan.forward(await self.summariser.summary(caller, plan.job))

    def _plan(self, caller: Caller, body: JsonObject, tokens: int) -> ContextPlan:
        recall = partial(self.summariser.shelf.recall, caller.user_id)
        return plan_context(body, recall, scope=str(caller.user_id), prompt_tokens=tokens)

    async def _tell_too_long(self, caller: Caller, turn: Turn) -> None:
        """The agent may keep a refusal to itself, so its bot says it too: once for each message."""
        if turn.kind not in {RequestKind.CHAT, RequestKind.TOOL_LOOP}:
            return
        values = {"reason": "too_long", "manager_username": self.parts.manager()}
        once = f"too-long:{caller.agent_id}:{turn.key}"
        kind = NoticeKind.AGENT_SILENT
        await self.parts.outbox.post(caller.owner_id, kind, values, dedupe_key=once, token_of=caller.agent_id)
