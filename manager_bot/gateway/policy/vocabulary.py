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


Phrase = tuple[tuple[str, ...], str, float]
"""The words after its first, its group and its weight."""
_Meaning = tuple[tuple[tuple[str, str, float], ...], tuple[Phrase, ...]]
"""The stems a word has with their groups and weights, and the phrases it may begin."""


@dataclass(slots=True)
class Vocabulary:
    """Stems, whole words, phrases and unspaced pieces of several groups, each with a weight."""

    whole: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    stems: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    phrases: dict[str, list[Phrase]] = field(default_factory=dict)
    phrase_stems: dict[str, list[Phrase]] = field(default_factory=dict)
    unspaced: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    _seen: dict[str, _Meaning] = field(default_factory=dict)
    _begun: dict[tuple[str, str], tuple[Phrase, ...]] = field(default_factory=dict)

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

    def hits(self, text: str) -> list[Hit]:
        """Every stem found in a lower-case text, once for each word it stands in; a phrase for each time it stands."""
        words, seen = _WORD.findall(text), self._seen
        found: list[Hit] = []
        before: set[str] = set()
        for at, word in enumerate(words):
            stems, phrases = seen.get(word) or self._meaning(word)
            if stems and word not in before:
                before.add(word)
                first, last = text.find(word), text.rfind(word)
                found += [(first, last, *stem) for stem in stems]
            if phrases and at + 1 < len(words):
                found += self._phrase_hits(text, words, at, phrases)
        if not text.isascii() and _UNSPACED.search(text):
            found += self._unspaced_hits(text)
        return found

    def _phrase_hits(self, text: str, words: list[str], at: int, phrases: tuple[Phrase, ...]) -> Iterator[Hit]:
        pair = words[at], words[at + 1]
        begun = self._begun.get(pair)
        if begun is None:
            begun = tuple(phrase for phrase in phrases if _may_follow(pair[1], phrase[0]))
            if len(self._begun) < _REMEMBERED:
                self._begun[pair] = begun
        for rest, group, weight in begun:
            if _follows(words, at + 1, rest):
                yield text.find(pair[0]), text.rfind(pair[0]), "_".join((pair[0], *rest)), group, weight

    def _unspaced_hits(self, text: str) -> Iterator[Hit]:
        signs = set(text)
        for stem, meanings in self.unspaced.items():
            if stem[0] in signs and stem[-1] in signs and (first := text.find(stem)) >= 0:
                for group, weight in meanings:
                    yield first, text.rfind(stem), stem, group, weight

    def _meaning(self, word: str) -> _Meaning:
        """What a word means, remembered because people use the same few thousand words."""
        whole = [(word, *meaning) for meaning in self.whole.get(word, ())]
        sizes = range(_SHORTEST, min(len(word), _LONGEST) + 1)
        stems = [(word[:size], *meaning) for size in sizes for meaning in self.stems.get(word[:size], ())]
        phrases = self.phrases.get(word, []) + [
            phrase for stem, known in self.phrase_stems.items() if word.startswith(stem) for phrase in known
        ]
        meaning = (*whole, *stems), tuple(phrases)
        if len(self._seen) < _REMEMBERED:
            self._seen[word] = meaning
        return meaning


def _may_follow(word: str, rest: tuple[str, ...]) -> bool:
    """Whether a word can begin the rest of a phrase."""
    if len(rest) > 1 or rest[0].endswith("."):
        return word == rest[0].rstrip(".")
    return word.startswith(rest[0])


def _follows(words: list[str], at: int, rest: tuple[str, ...]) -> bool:
    """Whether the words from `at` on are `rest`, the last of them only by its stem."""
    end = at + len(rest) - 1
    if end >= len(words):
        return False
    found, last = words[end], rest[-1]
    if not (found == last[:-1] if last.endswith(".") else found.startswith(last)):
        return False
    return len(rest) == 1 or tuple(words[at:end]) == rest[:-1]
