"""What speaks for each class of a prompt by rules written by hand.

Two kinds of evidence are added up: structure (fences, syntax, stack traces, file names, numbers, length,
lists), which is the same in every language, and stems in English, Russian, Spanish and Chinese, with a few of
their neighbours. The instruction counts more than the material it is about: the first and the last sentence
weigh full, what stands between them less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from manager_bot.gateway.policy.code_signs import code_signs
from manager_bot.gateway.policy.routing_stems import CODE, COMPLEX, GREETING, SIMPLE
from manager_bot.gateway.policy.vocabulary import Hit, Vocabulary

_READ: Final = 800
"""Characters read of a longer text: three quarters from its head, the rest from its tail."""
_HEAD: Final = 160
_TAIL: Final = 120
_BETWEEN: Final = 0.5
_ORDER: Final = 48
"""Characters within which an order such as "translate" rules over the material that follows."""
_DECISIVE: Final = 2.5
_TELLING, _MOST_OF_QUESTION_WORDS = 2.0, 1.6
"""Question words under the first weight add up to the second at most: "what" does not make a question easy."""

_NUMBER: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_YEAR: Final = re.compile(r"(?:1[5-9]|20)[0-9]{2}")
_MATH: Final = re.compile(r"[=<>≤≥^√∑∫π²³]|\b\d*[xyn]\s*[-+*/^]\s*\d|\b[a-z]\([a-z]\)\s*=")
_ITEM: Final = re.compile(r"(?:^|\n)\s*(?:[-*•]|\d{1,2}[.)])\s+\S")
_ASKS: Final = ("?", "？", "多少", "几", "求")
_HAN: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each class; ``reasons`` are the stems and structures found, for tuning and tests.

    ``shape`` is what length, numbers and lists say: that a text is not simple. They say nothing against code.
    ``numbers`` counts the numbers in it, years left out; ``ordered`` says that it opens with an order that is simple by
    itself, such as "translate", whatever follows.
    """

    simple: float
    code: float
    complex: float
    shape: float
    numbers: int
    ordered: bool
    reasons: tuple[str, ...]


def weigh_evidence(text: str) -> Evidence:
    """All evidence in a text, of which no more than 800 characters are read."""
    full = len(text)
    if full > _READ:
        text = text[: _READ * 3 // 4] + "\n" + text[-_READ // 4 :]
    lower = text.lower()
    scores = {"simple": 0.0, "code": 0.0, "complex": 0.0, "shape": 0.0}
    hits = _vocabulary().hits(lower)
    best, ordered = _said(lower, hits)
    for (group, _), weight in best.items():
        scores[group] += weight
    weak = sum(weight for (group, _), weight in best.items() if group == "simple" and weight < _TELLING)
    scores["simple"] -= max(0.0, weak - _MOST_OF_QUESTION_WORDS)
    numbers = sum(_YEAR.fullmatch(number) is None for number in _NUMBER.findall(text))
    structure = [(name, "code", weight) for name, weight in code_signs(lower)] + _shape(
        text, lower, full, ordered, numbers
    )
    for _, group, weight in structure:
        scores[group] += weight
    if ordered:
        scores["complex"] = min(scores["complex"] / 4, 1.5)
        scores["shape"] = 0.0
        head = lower[:_HEAD]
        scores["code"] /= 1 if _names_code(head, hits if head == lower else _vocabulary().hits(head)) else 2
    reasons = (*(f"{group}:{stem}" for group, stem in best), *(f"{group}:{name}" for name, group, _ in structure))
    return Evidence(**scores, numbers=numbers, ordered=ordered, reasons=reasons)


def _said(lower: str, hits: list[Hit]) -> tuple[dict[tuple[str, str], float], bool]:
    """The stems found with what they weigh here, and whether the text opens with an order that is simple by itself."""
    best: dict[tuple[str, str], float] = {}
    greetings: dict[tuple[str, str], float] = {}
    ordered = False
    for first, last, stem, group, weight in hits:
        if group == "greeting":
            if len(lower) <= _ORDER:
                greetings["simple", stem] = weight
            continue
        if group == "simple":
            if first >= _ORDER and last < len(lower) - _TAIL:
                continue  # a "where" inside the material is no question
            ordered = ordered or (weight >= _DECISIVE and first < _ORDER)
        near = first < _HEAD or last > len(lower) - _TAIL
        here = weight if near or weight < 0 else weight * _BETWEEN
        best[group, stem] = max(here, best.get((group, stem), here))
    return best or greetings, ordered


def _names_code(head: str, hits: list[Hit]) -> bool:
    """Whether the order itself is about code, as in "translate this class to Go"."""
    return "```" in head or any(group == "code" and weight >= _DECISIVE - 0.5 for *_, group, weight in hits)


def _shape(text: str, lower: str, full: int, ordered: bool, numbers: int) -> list[tuple[str, str, float]]:
    """Length, numbers, lists and questions: what a hard question looks like in any language."""
    words = len(text.split()) + sum(map(len, _HAN.findall(text))) * 2 // 5
    found: list[tuple[str, str, float]] = []
    if words > 20:
        found.append(("long", "shape", min(2.0, (words - 20) / 35)))
    if words >= 13 and not ordered:
        found.append(("a long sentence", "shape", 0.7))
    if full > _READ:
        found.append(("very long", "shape", 0.5))
    if words <= 9:
        found.append(("brief", "simple", 0.5))
    asked = any(sign in text for sign in _ASKS)
    if (numbers >= 3 and words >= 8 and asked) or (numbers >= 2 and words >= 12 and (asked or numbers >= 3)):
        found.append(("word problem", "shape", 2.2))
    if words <= 60 and _MATH.search(lower):
        found.append(("formula", "shape", 1.2))
    if text.count("\n") > 1 and len(_ITEM.findall(text)) >= 3:
        found.append(("list", "shape", 0.8))
    return found


@lru_cache(maxsize=1)
def _vocabulary() -> Vocabulary:
    known = Vocabulary()
    for group, table in (("code", CODE), ("complex", COMPLEX), ("simple", SIMPLE), ("greeting", GREETING)):
        known.add(group, table)
    return known
