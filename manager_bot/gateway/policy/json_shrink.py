"""Shortening a JSON value so that it stays JSON with its own keys."""

from __future__ import annotations

from typing import Final

import orjson

from manager_bot.gateway.policy.body import Json, JsonObject
from manager_bot.gateway.policy.excerpt import excerpt, hard_cut
from manager_bot.gateway.policy.salience import Line, weigh

_ITEM: Final = 90
"""Characters an item of a list is allowed at least before fewer items are shown instead."""
_KEY_ROOM: Final = 12
_MARK: Final = 44
_LEFT_OUT: Final = "…"
_TRIES, _DEEPEST, _LEAST = 2, 8, 24


def compact(value: Json) -> str:
    """A value as the shortest JSON text."""
    return orjson.dumps(value).decode()


def shrink(value: Json, limit: int, depth: int = 0) -> Json:
    """`value` in at most `limit` characters of compact JSON: keys kept, values and lists sampled.

    The work is bounded whatever the nesting: what lies deeper than a few levels is shown as the head of its text.
    """
    text = compact(value)
    if len(text) <= limit:
        return value
    if isinstance(value, str):
        return _string(value, limit)
    if depth >= _DEEPEST or (isinstance(value, list | dict) and limit < _LEAST):
        return _string(text, limit)
    if isinstance(value, list):
        return _list(value, limit, depth)
    return _object(value, limit, depth) if isinstance(value, dict) else value


def _string(text: str, limit: int) -> str:
    """Escapes make a string longer than its text, so the room is taken in steps until it fits."""
    room = limit - 2
    while room > 0:
        cut = excerpt(text, room) if "\n" in text else hard_cut(text, room)
        over = len(compact(cut)) - limit
        if over <= 0:
            return cut
        room -= max(over // 2, 1) if over < room else max(room // 2, 1)
    return ""


def _list(items: list[Json], limit: int, depth: int) -> Json:
    """Head, tail and the items unlike the others, with the number of those left out in their places."""
    texts = [compact(item) for item in items]
    weights = weigh([text[:2000] for text in texts])
    wanted = len(items)
    for _ in range(_TRIES):
        kept = _affordable(texts, weights, wanted, limit)
        shown = _fill_list(items, texts, kept, limit, depth)
        if len(compact(shown)) <= limit:
            return shown
        wanted = len(kept) // 3
        if wanted < 1:
            break
    return _string(f"[… {len(items):,} items left out …]", limit)


def _affordable(texts: list[str], weights: list[Line], wanted: int, limit: int) -> list[int]:
    """The items of which each still gets a fair length."""
    fair = max(_ITEM, limit // 10)
    while True:
        kept = list(range(len(texts))) if wanted >= len(texts) else _pick(weights, wanted)
        need = sum(min(len(texts[at]), fair) + 1 for at in kept) + 2 + _gaps(kept, len(texts)) * _MARK
        if need <= limit or wanted <= 1:
            return kept
        wanted = min(wanted - 1, max(1, int(wanted * min(0.9, limit / need))))


def _gaps(kept: list[int], count: int) -> int:
    return sum(1 for before, at in zip([-1, *kept], [*kept, count], strict=True) if at > before + 1)


def _pick(weights: list[Line], wanted: int) -> list[int]:
    head = max(1, wanted * 3 // 10)
    tail = wanted // 5
    kept = set(range(head)) | set(range(len(weights) - tail, len(weights)))
    for at in sorted(range(len(weights)), key=lambda at: (-weights[at].score, at)):
        if len(kept) >= wanted:
            break
        kept.add(at)
    return sorted(kept)[:wanted]


def _fill_list(items: list[Json], texts: list[str], kept: list[int], limit: int, depth: int) -> Json:
    shares = _shares([len(texts[at]) + 1 for at in kept], limit - 2 - _gaps(kept, len(items)) * _MARK)
    shown: list[Json] = []
    last = -1
    for at, share in zip(kept, shares, strict=True):
        if at > last + 1:
            shown.append(f"[… {at - last - 1:,} items left out …]")
        shown.append(shrink(items[at], share - 1, depth + 1))
        last = at
    if last + 1 < len(items):
        shown.append(f"[… {len(items) - last - 1:,} items left out …]")
    return shown


def _object(value: JsonObject, limit: int, depth: int) -> Json:
    """Every key while there is room for keys; the largest values give way first."""
    keys = list(value)
    costs = {key: len(compact(key)) + 2 for key in keys}
    room = limit - 2 - sum(costs.values())
    if room < _KEY_ROOM * len(keys):
        return _fewer_keys(value, limit, costs, depth)
    texts = {key: len(compact(value[key])) for key in keys}
    shares = dict(zip(keys, _shares([texts[key] for key in keys], room), strict=True))
    return {key: shrink(value[key], shares[key], depth + 1) for key in keys}


def _fewer_keys(value: JsonObject, limit: int, costs: dict[str, int], depth: int) -> Json:
    room = limit - 2 - 2 * _MARK
    kept: list[str] = []
    weights = weigh([f"{key}: {compact(inner)[:500]}" for key, inner in value.items()])
    order = sorted(range(len(weights)), key=lambda at: (-weights[at].score, at))
    keys = list(value)
    for at in order:
        need = costs[keys[at]] + min(len(compact(value[keys[at]])), _ITEM)
        if need <= room:
            kept.append(keys[at])
            room -= need
    if not kept:
        return _string(f"[… {len(value):,} keys left out …]", limit)
    shown: JsonObject = {key: shrink(value[key], _ITEM, depth + 1) for key in keys if key in set(kept)}
    shown[_LEFT_OUT] = f"[… {len(keys) - len(kept):,} keys left out …]"
    return shown if len(compact(shown)) <= limit else _string(f"[… {len(value):,} keys left out …]", limit)


def _shares(lengths: list[int], room: int) -> list[int]:
    """Room dealt out so that what is small stays whole and the large share the rest evenly."""
    shares = [0] * len(lengths)
    left, waiting = max(0, room), len(lengths)
    for at in sorted(range(len(lengths)), key=lengths.__getitem__):
        shares[at] = min(lengths[at], left // max(1, waiting))
        left -= shares[at]
        waiting -= 1
    return shares
