"""Making the current exchange fit: the person's words stay, the oldest tool results give way.

The loop is replayed from its beginning: whenever it grew over its room, the oldest results shrink until it is
well below. So the decisions of one request are found again in the next, and Gemini's implicit cache keeps most of
its prefix. Only when every result is a mere trace are whole steps (a call and its results) dropped, oldest first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from manager_bot.gateway.policy.body import Json, JsonObject, has, is_model, parts_of
from manager_bot.gateway.policy.json_shrink import compact, shrink
from manager_bot.gateway.policy.tokens import estimate_content
from manager_bot.gateway.policy.truncation import truncate_content
from manager_bot.gateway.policy.window import SLACK
from manager_bot.gateway.policy.words import PICTURE_LEFT_OUT, is_tool_picture

_LEVELS: Final = (2_500, 1_200, 600, 300, 120, 60)
"""Characters a tool result may keep, stage by stage."""
_ARGUMENT: Final = 2_000
_NOTE: Final = "gateway_note"


@dataclass(slots=True)
class _Exchange:
    """The contents of the exchange so far with what each costs, where the results are and how far each was cut."""

    contents: list[JsonObject] = field(default_factory=list)
    costs: list[int] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    levels: dict[int, int] = field(default_factory=dict)

    def add(self, content: JsonObject) -> None:
        if has(content, "functionResponse") and not _is_noted(content):
            self.results.append(len(self.contents))
        self.contents.append(content)
        self.costs.append(estimate_content(content))

    def replace(self, at: int, content: JsonObject) -> None:
        if content is not self.contents[at]:
            self.contents[at] = content
            self.costs[at] = estimate_content(content)

    @property
    def tokens(self) -> int:
        return sum(self.costs)


def fit_exchange(contents: list[JsonObject], room: int) -> list[JsonObject]:
    """The current exchange within `room` tokens where that is possible; the same list when it was."""
    tail = _plumbing_tail(contents)
    body, after = contents[: len(contents) - tail], contents[len(contents) - tail :]
    room -= sum(map(estimate_content, after))
    grown = _Exchange()
    shrunk = False
    for content in body:
        grown.add(content)
        if grown.tokens > room:
            shrunk = True
            _shrink_results(grown, room)
    if not shrunk:
        return contents
    if grown.tokens > room:
        _drop_pictures(grown, room)
    if grown.tokens > room:
        _drop_steps(grown, room)
    if grown.tokens > room:
        _shrink_arguments(grown)
    return [*grown.contents, *after]


def _plumbing_tail(contents: list[JsonObject]) -> int:
    """How many contents at the end are OpenClaw's context, which moves to the end with each request."""
    from_end = enumerate(reversed(contents[1:]))
    return next((at for at, content in from_end if is_model(content) or has(content, "functionResponse")), 0)


def _shrink_results(grown: _Exchange, room: int) -> None:
    """Oldest results first, level by level; the newest is spared until the others are at the lowest."""
    tokens = grown.tokens
    rest = tokens - sum(grown.costs[at] for at in grown.results)
    enough = rest + int((room - rest) * SLACK)
    older = ((level, at) for level in _LEVELS for at in grown.results[:-1])
    newest = ((level, at) for level in _LEVELS for at in grown.results[-1:])
    for level, at in chain(older, newest):
        if tokens <= enough:
            return
        if grown.levels.get(at, _LEVELS[0] + 1) <= level:
            continue
        grown.levels[at] = level
        before = grown.costs[at]
        grown.replace(at, truncate_content(grown.contents[at], level))
        tokens += grown.costs[at] - before


def _is_noted(content: JsonObject) -> bool:
    calls = [part.get("functionResponse") for part in parts_of(content)]
    responses = [call.get("response") for call in calls if isinstance(call, dict)]
    return any(isinstance(response, dict) and _NOTE in response for response in responses)


def _drop_pictures(grown: _Exchange, room: int) -> None:
    """What tools were shown, oldest first, the newest last; each gives way to a word that it did."""
    for at, content in enumerate(grown.contents):
        if grown.tokens <= room:
            return
        if has(content, "functionResponse") or is_tool_picture(content):
            grown.replace(at, _without_pictures(content))


def _without_pictures(content: JsonObject) -> JsonObject:
    parts = parts_of(content)
    bare: list[JsonObject] = [
        {"text": PICTURE_LEFT_OUT} if "inlineData" in part else _bare_result(part) for part in parts
    ]
    changed = any(new is not old for new, old in zip(bare, parts, strict=True))
    return {**content, "parts": [*bare]} if changed else content


def _bare_result(part: JsonObject) -> JsonObject:
    """A result without the media beside it; any other part as it is."""
    call = part.get("functionResponse")
    if not isinstance(call, dict) or "parts" not in call:
        return part
    bare = {key: value for key, value in call.items() if key != "parts"}
    response = call.get("response")
    if isinstance(response, dict):
        bare["response"] = {**response, _NOTE: PICTURE_LEFT_OUT}
    return {**part, "functionResponse": bare}


def _drop_steps(grown: _Exchange, room: int) -> None:
    """Whole steps from the oldest on, never the last one; the first step left says how many are gone."""
    dropped = 0
    while grown.tokens > room and (step := _oldest_step(grown.contents)) is not None:
        first, last = step
        del grown.contents[first:last], grown.costs[first:last]
        dropped += 1
    if dropped:
        at = next(at for at, content in enumerate(grown.contents) if has(content, "functionResponse"))
        grown.replace(at, _noted(grown.contents[at], dropped))


def _oldest_step(contents: list[JsonObject]) -> tuple[int, int] | None:
    """The oldest call with its results and what they showed, as long as a later one follows it."""
    first = next((at for at, content in enumerate(contents) if has(content, "functionCall")), None)
    if first is None:
        return None
    last = first + 1
    while last < len(contents) and not is_model(contents[last]):
        last += 1
    later = any(has(content, "functionCall") for content in contents[last:])
    return (first, last) if later and last > first + 1 else None


def _noted(content: JsonObject, dropped: int) -> JsonObject:
    parts: list[Json] = []
    noted = False
    for part in content["parts"] if isinstance(content["parts"], list) else []:
        call = part.get("functionResponse") if isinstance(part, dict) else None
        response = call.get("response") if isinstance(call, dict) else None
        if isinstance(part, dict) and isinstance(call, dict) and isinstance(response, dict) and not noted:
            note = {**response, _NOTE: f"{dropped} earlier tool steps of this turn were left out to fit the context"}
            parts.append({**part, "functionResponse": {**call, "response": note}})
            noted = True
        else:
            parts.append(part)
    return {**content, "parts": parts}


def _shrink_arguments(grown: _Exchange) -> None:
    """The last resort: the model's own long arguments (a file it wrote), as JSON of the same keys."""
    for at, content in enumerate(grown.contents):
        if is_model(content) and has(content, "functionCall"):
            grown.replace(at, _with_short_arguments(content))


def _with_short_arguments(content: JsonObject) -> JsonObject:
    parts: list[Json] = []
    for part in content["parts"] if isinstance(content["parts"], list) else []:
        call = part.get("functionCall") if isinstance(part, dict) else None
        if isinstance(part, dict) and isinstance(call, dict) and len(compact(call.get("args"))) > _ARGUMENT:
            parts.append({**part, "functionCall": {**call, "args": shrink(call.get("args"), _ARGUMENT)}})
        else:
            parts.append(part)
    return {**content, "parts": parts}
