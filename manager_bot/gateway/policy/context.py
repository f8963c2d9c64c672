"""When a conversation outgrows its window: what is kept, what is summarised, and what is forwarded.

Below the trigger nothing is touched. Above it the turns before a boundary give way to a summary. The boundary
lies at the start of a person's turn, so a call never loses its result; it stays where it is for as long as the
request fits (Gemini's implicit cache lives on an unchanged prefix) and then moves a long step at once. A
summary is known by a digest of the turns it covers, computed once, and extended by the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import orjson

from manager_bot.gateway.policy.body import Json, JsonObject, contents_of, has, is_model
from manager_bot.gateway.policy.exchange import fit_exchange
from manager_bot.gateway.policy.summary import digest, summary_at_head, summary_contents, summary_request
from manager_bot.gateway.policy.tokens import estimate_content, estimate_contents, estimate_fixed, estimate_text
from manager_bot.gateway.policy.window import EXCHANGE, RESERVE, SUMMARY, TARGET, TRIGGER, WINDOW
from manager_bot.gateway.policy.words import is_person, turn_span

Recall = Callable[[str], str | None]
"""Finds a summary by its key; nothing but a look into a cache."""
_ROOM_TO_GROW: Final = 4_000
_LEAST_FOR_TOOLS: Final = 2_000
_HEAD_PAIR: Final = 2


class TextTooLong(Exception):
    """What the person sent does not fit the window even alone; ``str()`` is for the chat."""

    def __init__(self, tokens: int, room: int) -> None:
        super().__init__(
            f"This message is too long: about {tokens:,} tokens, and {room:,} fit. Please send it in smaller parts."
        )
        self.tokens = tokens
        self.room = room


@dataclass(frozen=True, slots=True)
class SummaryJob:
    """A summary to be made: ``request`` goes to the lite tier, its answer is remembered under ``key``."""

    key: str
    request: JsonObject


@dataclass(frozen=True, slots=True)
class ContextPlan:
    """What to forward.

    With ``job`` unset, ``forward()`` needs nothing. With it, pass the summary its request brought, or nothing when the
    summariser failed or was slow: then a plain digest stands in, and the next request tries again.
    """

    body: JsonObject
    replaced: tuple[JsonObject, ...] = ()
    kept: tuple[JsonObject, ...] = ()
    summary: str | None = None
    job: SummaryJob | None = None

    def forward(self, summary: str | None = None) -> JsonObject:
        """The body to send upstream; the very object given to :func:`plan_context` when nothing was changed."""
        if not self.replaced and not self.kept:
            return self.body
        known = summary or self.summary or (digest(list(self.replaced)) if self.replaced else None)
        head: list[Json] = [*summary_contents(known)] if known is not None else []
        return {**self.body, "contents": [*head, *self.kept]}


def plan_context(body: JsonObject, recall: Recall, *, scope: str = "", prompt_tokens: int | None = None) -> ContextPlan:
    """What becomes of a request whose tool results are truncated already.

    ``scope`` keeps one subscriber's summaries from another's; ``prompt_tokens`` is a better count of the whole body
    where one is known (:func:`estimate_anchored`). Raises :class:`TextTooLong`.
    """
    contents = contents_of(body)
    fixed = estimate_fixed(body)
    costs = [estimate_content(content) for content in contents]
    total = fixed + sum(costs) if prompt_tokens is None else max(prompt_tokens, fixed)
    raw = body.get("contents")
    if total <= TRIGGER or not isinstance(raw, list) or len(raw) != len(contents):
        return ContextPlan(body)
    span = turn_span(contents)
    start = max(span[0], 0)
    kept = _exchange(contents[start:], max(span[1] - start, 0), fixed, has_past=start > 0)
    exchange_cost = estimate_contents(kept)
    sizes = [*costs[:start], exchange_cost]
    return _with_summary(_Talk(body, contents, start, sizes, fixed, kept), recall, scope)


def room_for_exchange(fixed: int, *, has_past: bool) -> int:
    """Tokens left for the current exchange beside the system prompt, the tools, a summary and the reserve."""
    return WINDOW - RESERVE - fixed - (SUMMARY if has_past else 0)


@dataclass(frozen=True, slots=True)
class _Talk:
    """A conversation over the trigger; ``sizes`` has one number for each past content and one for the exchange."""

    body: JsonObject
    contents: list[JsonObject]
    start: int
    sizes: list[int]
    fixed: int
    kept: list[JsonObject]

    def cost_from(self, boundary: int) -> int:
        """Tokens of the request without its summary when the turns before `boundary` are gone."""
        return self.fixed + sum(self.sizes[boundary:])

    def plan(self, boundary: int, replaced_from: int, summary: str | None, job: SummaryJob | None) -> ContextPlan:
        kept = (*self.contents[boundary : self.start], *self.kept)
        return ContextPlan(self.body, tuple(self.contents[replaced_from:boundary]), kept, summary, job)


def _exchange(contents: list[JsonObject], words: int, fixed: int, *, has_past: bool) -> list[JsonObject]:
    """The current exchange within its room; its first `words` contents are the person's and stay verbatim."""
    room = room_for_exchange(fixed, has_past=has_past)
    alone = estimate_contents(contents[:words])
    if alone > room:
        raise TextTooLong(alone, max(room, 0))
    wanted = EXCHANGE if alone <= EXCHANGE - _LEAST_FOR_TOOLS else alone + _LEAST_FOR_TOOLS
    fitted = fit_exchange(contents, min(room, wanted))
    cost = estimate_contents(fitted)
    if cost > room + RESERVE:
        raise TextTooLong(cost, max(room, 0))
    return fitted


def _with_summary(talk: _Talk, recall: Recall, scope: str) -> ContextPlan:
    head = summary_at_head(talk.contents) if talk.start >= _HEAD_PAIR else None
    base, known = (_HEAD_PAIR, head) if head is not None else (0, None)
    borders = [at for at in _borders(talk.contents, talk.start) if at > base]
    keys = _keys(talk.contents, borders, scope)
    for at in reversed(borders):
        if (found := recall(keys[at])) is not None:
            base, known = at, found
            break
    if known is not None and (base == talk.start or _still_fits(talk, base, known)):
        return _reuse(talk, base, known, is_own_head=known is head)
    later = [at for at in borders if at > base]
    if not later:
        return _reuse(talk, base, known, is_own_head=known is head)
    boundary = next((at for at in later if talk.cost_from(at) + SUMMARY <= TARGET), later[-1])
    job = SummaryJob(keys[boundary], summary_request(talk.contents[base:boundary], known))
    return talk.plan(boundary, 0, None, job)


def _reuse(talk: _Talk, base: int, known: str | None, *, is_own_head: bool) -> ContextPlan:
    """No new summary: the one known stands where it stood, and only the exchange may have shrunk."""
    if known is not None and not is_own_head:
        return talk.plan(base, 0, known, None)
    unchanged = all(new is old for new, old in zip(talk.kept, talk.contents[talk.start :], strict=False))
    if unchanged and len(talk.kept) == len(talk.contents) - talk.start:
        return ContextPlan(talk.body)
    return talk.plan(0, 0, None, None)


def _still_fits(talk: _Talk, base: int, known: str) -> bool:
    """Whether a request with a known summary stays under the trigger, or close to it beside a large system prompt."""
    cost = talk.cost_from(base) + estimate_text(known)
    roomy = talk.fixed + min(estimate_text(known), SUMMARY) + _ROOM_TO_GROW
    return cost <= min(max(TRIGGER, roomy), WINDOW - RESERVE)


def _borders(contents: list[JsonObject], start: int) -> list[int]:
    """Where the past may be cut: at the starts of a person's turns, up to the current one."""
    borders = []
    for at in range(1, start + 1):
        before = contents[at - 1]
        answered = (is_model(before) or has(before, "functionResponse")) and not has(before, "functionCall")
        if at == start or (answered and is_person(contents[at])):
            borders.append(at)
    return borders


def _keys(contents: list[JsonObject], borders: list[int], scope: str) -> dict[int, str]:
    """For each border a digest of everything before it, within one scope."""
    keys = {}
    digested = blake2b(scope.encode(), digest_size=16)
    done = 0
    for at in borders:
        for content in contents[done:at]:
            digested.update(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
        done = at
        keys[at] = digested.copy().hexdigest()
    return keys
