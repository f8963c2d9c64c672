"""Looking words up by their stems, in one pass over a text whatever the size of the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_LETTERS: Final = "[0-9a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u1fff\uac00-\ud7af]"
"""Lower-case letters and digits of scripts that write words, as plain ranges: ``\\w`` costs twice as much a letter."""
_WORD: Final = re.compile(rf"{_LETTERS}+(?:[+#]+(?!\w)|(?:['’.-]{_LETTERS}+)+)?|\.net\b")
_UNSPACED: Final = re.compile(r"[\u0590-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts whose words are looked for anywhere: they are written without spaces, or change at their beginning."""
_REMEMBERED: Final = 20_000
_SHORTEST, _LONGEST = 3, 16

Hit = tuple[int, int, str, str, float]
"""Where a stem was found first and last, the stem, its group and its weight."""


@dataclass(slots=True)
class Vocabulary:
    """Stems, whole words, phrases and unspaced pieces of several groups, each with a weight."""

    whole: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    stems: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    phrases: dict[str, list[tuple[tuple[str, ...], str, float]]] = field(default_factory=dict)
    phrase_stems: dict[str, list[tuple[tuple[str, ...], str, float]]] = field(default_factory=dict)
    unspaced: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    seen: dict[str, tuple[tuple[str, str, float], ...]] = field(default_factory=dict)

    def add(self, group: str, table: str) -> None:
        """Learn a table of lines ``weight: word word …`` (see ``routing_stems``)."""
        for line in table.strip().splitlines():
            weight, _, words = line.partition(":")
            for word in words.split():
                self._learn(group, word, float(weight))

    def _learn(self, group: str, word: str, weight: float) -> None:
        if _UNSPACED.match(word):
            self.unspaced.setdefault(word, []).append((group, weight))
        elif "_" in word:
            first, *rest = word.split("_")
            known = self.phrase_stems if first.endswith("*") else self.phrases
            known.setdefault(first.rstrip("*"), []).append((tuple(rest), group, weight))
        elif word.endswith(".") or word in {"c++", "c#", ".net"}:
            self.whole.setdefault(word.rstrip("."), []).append((group, weight))
        else:
            self.stems.setdefault(word, []).append((group, weight))

    def hits(self, text: str) -> Iterator[Hit]:
        """Every stem found in a lower-case text, once for each word it stands in."""
        words = _WORD.findall(text)
        places: dict[str, list[int]] = {}
        for at, word in enumerate(words):
            places.setdefault(word, []).append(at)
        for word, at_places in places.items():
            known = self._of_word(word)
            if known:
                first, last = text.find(word), text.rfind(word)
                for stem, group, weight in known:
                    yield first, last, stem, group, weight
            if word in self.phrases:
                yield from _phrase_hits(text, words, at_places, self.phrases[word])
        for stem, phrases in self.phrase_stems.items():
            if stem in text:
                for word in (word for word in places if word.startswith(stem)):
                    yield from _phrase_hits(text, words, places[word], phrases)
        if _UNSPACED.search(text):
            yield from self._unspaced_hits(text)

    def _unspaced_hits(self, text: str) -> Iterator[Hit]:
        signs = set(text)
        for stem, meanings in self.unspaced.items():
            if stem[0] in signs and stem[-1] in signs and (first := text.find(stem)) >= 0:
                for group, weight in meanings:
                    yield first, text.rfind(stem), stem, group, weight

    def _of_word(self, word: str) -> tuple[tuple[str, str, float], ...]:
        """What a word means, remembered because people use the same few thousand words."""
        known = self.seen.get(word)
        if known is None:
            whole = [(word, *meaning) for meaning in self.whole.get(word, ())]
            sizes = range(_SHORTEST, min(len(word), _LONGEST) + 1)
            stems = [(word[:size], *meaning) for size in sizes for meaning in self.stems.get(word[:size], ())]
            known = (*whole, *stems)
            if len(self.seen) < _REMEMBERED:
                self.seen[word] = known
        return known


def _phrase_hits(
    text: str, words: list[str], places: list[int], phrases: list[tuple[tuple[str, ...], str, float]]
) -> Iterator[Hit]:
    first_word = words[places[0]]
    next_words = {words[at + 1] for at in places if at + 1 < len(words)}
    for rest, group, weight in phrases:
        if _may_follow(next_words, rest) and any(_follows(words, at + 1, rest) for at in places):
            yield text.find(first_word), text.rfind(first_word), "_".join((first_word, *rest)), group, weight


def _may_follow(next_words: set[str], rest: tuple[str, ...]) -> bool:
    """Whether any word after the first can begin the rest of a phrase: one look instead of one a place."""
    if len(rest) > 1:
        return rest[0] in next_words
    stem = rest[0].rstrip(".")
    return any(word.startswith(stem) for word in next_words)


def _follows(words: list[str], at: int, rest: tuple[str, ...]) -> bool:
    """Whether the words from `at` on are `rest`, the last of them only by its stem."""
    end = at + len(rest) - 1
    if end >= len(words):
        return False
    found, last = words[end], rest[-1]
    if not (found == last[:-1] if last.endswith(".") else found.startswith(last)):
        return False
    return len(rest) == 1 or tuple(words[at:end]) == rest[:-1]
