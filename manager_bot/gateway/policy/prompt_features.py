"""What a prompt looks like to the learned part of routing: its words, pairs of words, shape and evidence, as numbers.

Every feature is the number of a bucket, found by hashing, so that neither the words nor a dictionary of them has to be
kept. Training (``tests/data/routing``) and the gateway use this one module: what is learned is what is looked up. The
same text gives the same numbers everywhere: the hash is CRC-32, not Python's salted one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zlib import crc32

from manager_bot.gateway.policy.evidence import Evidence, weigh_evidence

BUCKETS: Final = 1 << 19
"""The lower half for words, whose meaning gives them weight (see ``bucket_of``), the upper for all that is no word."""
HEAD, TAIL = 100, 50
"""Units read of a longer text, at its beginning and at its end; a unit is a word, a number or one Chinese sign."""
MOST: Final = 4 * (HEAD + TAIL) + 16
"""No text has more features of its wording than this, however long it is."""

_SHOWN_HEAD, _SHOWN_TAIL = 500, 250
"""Characters in which those units are looked for."""
_LOOKED_AT: Final = 500
"""Characters searched for the marks of code and of mixed scripts."""
_PREFIX: Final = 4
"""Letters that stand for a word whatever its ending: what a stemmer would leave, in four languages at once."""
_OPENING: Final = 2
_ELSE: Final = BUCKETS >> 1
_MASK: Final = _ELSE - 1
_MIX: Final = 1_000_003
_PAIR, _FIRST, _RUN, _LAST = 0x51ED270B, 0x2545F491, 0x1B873593, 0x3C6EF372
"""What keeps a pair of words, an opening, and the beginning and end of a run of Chinese in buckets of their own."""

_HAN: Final = "\u3040-\u30ff\u3400-\u9fff"
_LETTERS: Final = "a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u1fff\uac00-\ud7af"
"""Letters of the scripts that write words; plain ranges, for a class such as ``\\w`` costs several times as much."""
_UNIT: Final = re.compile(rf"[{_LETTERS}]+(?:[+#]+(?!\w))?|[{_HAN}]+|[0-9]+|[?？!！:：`{{}}()=+%^$]")
_CAMEL: Final = re.compile(r"\b[a-z]{2,}[A-Z]\w")
_SNAKE: Final = re.compile(r"[A-Za-z]_[A-Za-z]")
_LATIN: Final = re.compile(r"[A-Za-z]{2}")
_OTHER_SCRIPT: Final = re.compile(rf"[\u0400-\u04ff{_HAN}]")
_LENGTHS: Final = (2, 4, 7, 10, 14, 20, 30, 45, 70, 120)
_NUMBERS: Final = (1, 2, 3, 4, 6)
_DEGREES: Final = (0.4, 1, 1.7, 2.5, 3.5, 5)


@dataclass(frozen=True, slots=True)
class Features:
    """Buckets of a text's wording (words, their beginnings, pairs; at most ``MOST``) and of its shape."""

    wording: set[int]
    shape: list[int]


def features(text: str) -> Features:
    """All features of a text."""
    units = units_of(text)
    return Features(_wording(units), _shape(text, units, weigh_evidence(text)))


def bucket_of(word: str) -> int:
    """The bucket of one lower-case word, Chinese sign or pair of such signs, wherever it stands in a text."""
    if not _is_han(word):
        return _of_unit(word)[0] & _MASK
    one, *others = map(_of_sign, word)
    return _of_pair(one, others[0]) if others else one & _MASK


def _wording(units: list[str]) -> set[int]:
    found: set[int] = set()
    add, before = found.add, _FIRST
    for place, unit in enumerate(units):
        if _is_han(unit):
            before = _add_run(found, unit, before, opens=place == 0)
            continue
        word, stem = _of_unit(unit)
        add(word & _MASK)
        if unit.isalnum():
            add(stem & _MASK | _ELSE)
            add(_of_pair(before, stem) | _ELSE)
        if place < _OPENING:
            add((word ^ _FIRST) & _MASK | _ELSE)
        before = stem
    return found


def _shape(text: str, units: list[str], evidence: Evidence) -> list[int]:
    """What is no word: length, numbers, marks of code, and how much the rules found for each class."""
    length = sum(len(unit) if _is_han(unit) else unit.isalnum() for unit in units)
    found = [_LENGTH[bisect_right(_LENGTHS, length)], _COUNT[bisect_right(_NUMBERS, evidence.numbers)]]
    names = [name for name, there in _looks(text) if there]
    if text.rstrip()[-1:] in {"?", "？"}:
        names.append("ends asking")
    if evidence.ordered:
        names.append("ordered")
    if evidence.numbers > 1 and ("?" in text or "？" in text):
        names.append(f"asks about numbers {min(evidence.numbers, 4)}")
    names += [reason for reason in evidence.reasons if reason.startswith("shape:")]
    found += map(_of_name, names)
    for group, degrees in _SHAPES.items():
        found += degrees[bisect_right(_DEGREES, getattr(evidence, group))]
    return found


def _looks(text: str) -> tuple[tuple[str, object], ...]:
    text = text[:_LOOKED_AT]
    return (
        ("lines", "\n" in text),
        ("camel", _CAMEL.search(text)),
        ("snake", _SNAKE.search(text)),
        ("mixed", _OTHER_SCRIPT.search(text) and _LATIN.search(text)),
    )


def units_of(text: str) -> list[str]:
    """The words, numbers, marks and runs of Chinese that are read, in order."""
    if len(text) > _SHOWN_HEAD + _SHOWN_TAIL:
        text = f"{text[:_SHOWN_HEAD]}\n{text[-_SHOWN_TAIL:]}"
    units = _UNIT.findall(text.lower())
    sizes = sum(len(unit) if _is_han(unit) else 1 for unit in units) if len(text) > HEAD + TAIL else 0
    return units if sizes <= HEAD + TAIL else [*_take(units, HEAD), *_take(units, TAIL, from_end=True)]


def _take(units: list[str], room: int, *, from_end: bool = False) -> list[str]:
    """As many units as fit in so much room; a run of Chinese is cut where the room ends."""
    taken = []
    for unit in reversed(units) if from_end else units:
        if room <= 0:
            break
        fits = (unit[-room:] if from_end else unit[:room]) if _is_han(unit) else unit
        room -= len(fits) if _is_han(unit) else 1
        taken.append(fits)
    return taken[::-1] if from_end else taken


def _is_han(unit: str) -> bool:
    return "\u3040" <= unit[0] <= "\u9fff"


def _add_run(found: set[int], run: str, before: int, *, opens: bool) -> int:
    """Add the signs of a run of Chinese and their pairs, and what it begins and ends with; gives its last sign."""
    signs = [_of_sign(sign) for sign in run]
    pairs = [_of_pair(one, other) for one, other in pairwise(signs)] or [signs[0] & _MASK]
    found.update(pairs)
    found.update(sign & _MASK for sign in signs)
    found.add((pairs[0] ^ (_FIRST if opens else _RUN)) & _MASK | _ELSE)
    found.add((pairs[-1] ^ _LAST) & _MASK | _ELSE)
    if not opens:
        found.add(_of_pair(before, signs[0]) | _ELSE)
    return signs[-1]


def _of_pair(one: int, other: int) -> int:
    return ((one * _MIX) ^ other ^ _PAIR) & _MASK


@lru_cache(maxsize=4096)
def _of_unit(unit: str) -> tuple[int, int]:
    """A word's own hash and its stem's; all numbers of the same size look alike, and a mark is its own stem."""
    if unit[0].isdecimal():
        unit = "0" * min(len(unit), 4)
    return crc32(unit.encode()), crc32(f"{unit[:_PREFIX]}-".encode())


@lru_cache(maxsize=4096)
def _of_sign(sign: str) -> int:
    return crc32(sign.encode())


@lru_cache(maxsize=512)
def _of_name(name: str) -> int:
    return crc32(f"/{name}".encode()) & _MASK | _ELSE


_LENGTH: Final = tuple(_of_name(f"length {degree}") for degree in range(len(_LENGTHS) + 1))
_COUNT: Final = tuple(_of_name(f"numbers {degree}") for degree in range(len(_NUMBERS) + 1))
_SHAPES: Final = {
    group: tuple(
        tuple(_of_name(f"{group} {degree}") for degree in _DEGREES[:reached]) for reached in range(len(_DEGREES) + 1)
    )
    for group in ("simple", "code", "complex", "shape")
}
"""What each length, each count of numbers, and each weight of a class's evidence is among the features."""
