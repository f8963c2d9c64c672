"""The shortest honest excerpt of a long text: head, tail, and what matters from between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from manager_bot.gateway.policy.salience import Line, weigh

_PIECE: Final = 240
"""Characters after which a line without a break is cut into pieces, so that one blob is not all or nothing."""
_HEAD_SHARE, _TAIL_SHARE = 0.30, 0.20
_GAP_COST: Final = 34
_NOTICE_COST: Final = 170
_BREAK: Final = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class _Chosen:
    pieces: list[str]
    weights: list[Line]
    kept: set[int]


def excerpt(text: str, limit: int, unit: str = "lines") -> str:
    """`text` within `limit` characters, whole lines where possible, closed by a line that counts what is gone."""
    if len(text) <= limit:
        return text
    if limit < 2 * _NOTICE_COST:
        return _glimpse(text, limit)
    chosen = _choose(_pieces(text), limit - _NOTICE_COST)
    shown = _render(chosen, unit)
    while len(shown) + _NOTICE_COST > limit and chosen.kept:
        chosen.kept.discard(min(chosen.kept, key=lambda at: (chosen.weights[at].score, -at)))
        shown = _render(chosen, unit)
    return f"{shown}{_notice(text, chosen, unit)}" if chosen.kept else hard_cut(text, limit)


def _glimpse(text: str, limit: int) -> str:
    """Too little room for lines: the head, and the one piece that matters most, cut around its reason."""
    if limit < _NOTICE_COST:
        return hard_cut(text, limit)
    pieces = _pieces(text)
    best, weight = max(zip(pieces, weigh(pieces), strict=True), key=lambda pair: pair[1].score)
    if weight.score <= 0 or best is pieces[0]:
        return hard_cut(text, limit)
    mark = f" [… of {len(text):,} characters …] "
    room = limit - len(mark)
    start = max(0, min(weight.focus - 20, len(best) - room * 2 // 3))
    shown = best[start : start + room * 2 // 3].strip()
    return text[: room - len(shown)].rstrip() + mark + shown


def hard_cut(text: str, limit: int) -> str:
    """Head and tail of a text within a limit too small for anything better."""
    if len(text) <= limit:
        return text
    mark = f" [… {len(text) - max(0, limit - 40):,} characters left out …] "
    room = limit - len(mark)
    if room < 8:
        return (text[: max(0, limit - 1)] + "…")[: max(0, limit)]
    tail = room // 3
    return text[: room - tail] + mark + text[len(text) - tail :]


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for line in _BREAK.findall(text):
        pieces.extend(line[at : at + _PIECE] for at in range(0, len(line), _PIECE))
    return pieces


def _choose(pieces: list[str], room: int) -> _Chosen:
    weights = weigh(pieces)
    kept: set[int] = {0}
    room -= len(pieces[0]) + 2 * _GAP_COST
    tail = int(room * _TAIL_SHARE)
    head = int(room * _HEAD_SHARE)
    room -= _take(pieces, range(1, len(pieces)), head, kept)
    room -= _take(pieces, range(len(pieces) - 1, 0, -1), tail, kept)
    for at in sorted(range(len(pieces)), key=lambda at: (-weights[at].score, at)):
        if weights[at].score <= 0:
            break
        cost = len(pieces[at]) + (0 if {at - 1, at + 1} & kept else _GAP_COST)
        if at not in kept and cost <= room:
            kept.add(at)
            room -= cost
    _take(pieces, range(1, len(pieces)), room, kept)
    return _Chosen(pieces, weights, kept)


def _take(pieces: Sequence[str], order: range, room: int, kept: set[int]) -> int:
    spent = 0
    for at in order:
        if at in kept:
            continue
        if spent + len(pieces[at]) > room:
            break
        kept.add(at)
        spent += len(pieces[at])
    return spent


def _render(chosen: _Chosen, unit: str) -> str:
    shown: list[str] = []
    last = -1
    for at in sorted(chosen.kept):
        if at > last + 1:
            shown.append(_gap(shown, at - last - 1, unit))
        shown.append(chosen.pieces[at])
        last = at
    missing = len(chosen.pieces) - 1 - last
    if missing > 0:
        shown.append(_gap(shown, missing, unit))
    return "".join(shown)


def _gap(shown: Sequence[str], count: int, unit: str) -> str:
    start = "\n" if shown and not shown[-1].endswith("\n") else ""
    return f"{start}[… {count:,} {unit} left out …]\n"


def _notice(text: str, chosen: _Chosen, unit: str) -> str:
    errors = [at for at, weight in enumerate(chosen.weights) if weight.is_error]
    kept_errors = sum(1 for at in errors if at in chosen.kept)
    characters = len(text) - sum(len(chosen.pieces[at]) for at in chosen.kept)
    spoken = f"; {kept_errors:,} of {len(errors):,} error {unit} kept" if errors else ""
    start = "" if chosen.pieces[max(chosen.kept)].endswith("\n") or len(chosen.pieces) - 1 not in chosen.kept else "\n"
    return (
        f"{start}[Shortened: {len(chosen.pieces) - len(chosen.kept):,} of {len(chosen.pieces):,} {unit}"
        f" and {characters:,} of {len(text):,} characters left out{spoken}]"
    )
