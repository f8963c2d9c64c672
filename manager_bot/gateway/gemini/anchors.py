"""Sharper estimates: where Gemini has counted the beginning of a conversation, only what is new is guessed."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from manager_bot.gateway.policy.body import JsonObject, contents_of
from manager_bot.gateway.policy.tokens import Anchor, estimate_anchored, estimate_content, estimate_fixed
from manager_bot.gateway.policy.words import is_plumbing

_MOST_AGENTS: Final = 10_000
_PER_AGENT: Final = 4
"""Conversations of one agent remembered at once: its chat, and those of its tools."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Prompt tokens of a request: ``tokens`` to go by, ``plain`` as guessed for its ``stem`` contents and the rest.

    The stem is what the conversation's next request will begin with: all but OpenClaw's own context, which it moves to
    the end each time.
    """

    tokens: int
    stem: int
    plain_stem: int
    plain: int


@dataclass(frozen=True, slots=True)
class _Counted:
    """A beginning that was counted: guessed at ``guessed``, and ``anchor`` in truth."""

    guessed: int
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Anchors:
    """The last exact counts of each agent.

    A beginning is known again by its number of contents and the guess itself, which is the same for the same contents;
    two different ones that are guessed alike differ by the guess's error at most, and nothing is billed by it.
    """

    _kept: OrderedDict[int, list[_Counted]] = field(default_factory=OrderedDict)

    def estimate(self, agent_id: int, body: JsonObject) -> Estimate:
        """The prompt tokens of *body*, from the longest beginning of it that was counted before."""
        contents, fixed = contents_of(body), estimate_fixed(body)
        sums = [fixed]
        for content in contents:
            sums.append(sums[-1] + estimate_content(content))
        stem = len(contents)
        while stem > 1 and is_plumbing(contents[stem - 1]):
            stem -= 1
        known = [one for one in self._kept.get(agent_id, ()) if _begins(sums, one)]
        best = max(known, key=lambda one: one.anchor.contents, default=None)
        tokens = sums[-1] if best is None else estimate_anchored(body, best.anchor)
        return Estimate(tokens, stem, sums[stem], sums[-1])

    def learn(self, agent_id: int, estimate: Estimate, counted: int) -> None:
        """Gemini counted *counted* prompt tokens for what was estimated; each part of it is taken to err alike."""
        if not counted or not estimate.plain or not estimate.stem:
            return
        stem = math.ceil(counted * estimate.plain_stem / estimate.plain)
        kept = self._kept.setdefault(agent_id, [])
        kept[:] = [one for one in kept if one.anchor.contents != estimate.stem][1 - _PER_AGENT :]
        kept.append(_Counted(estimate.plain_stem, Anchor(estimate.stem, stem)))
        self._kept.move_to_end(agent_id)
        if len(self._kept) > _MOST_AGENTS:
            self._kept.popitem(last=False)


def _begins(sums: list[int], counted: _Counted) -> bool:
    return counted.anchor.contents < len(sums) and sums[counted.anchor.contents] == counted.guessed
