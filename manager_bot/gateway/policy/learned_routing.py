"""The learned part of routing: a linear model over a prompt's features, weighed beside the rules.

``routing_weights.bin`` holds, after one line of JSON, a signed byte for each bucket and class: how much a feature
speaks for code, and for complex, against simple. ``tests/data/routing/train.py`` makes it; the README beside that
says how well it does on prompts it has not seen.
"""

from __future__ import annotations

import json
import math
from array import array
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final
from zlib import decompress

from manager_bot.gateway.policy.prompt_features import BUCKETS, features

WEIGHTS: Final = Path(__file__).with_name("routing_weights.bin")
FEWEST: Final = 4
"""Features under which a text weighs no more for having fewer: one word is little to go by."""


@dataclass(frozen=True, slots=True)
class Model:
    """Weights by bucket, in steps of ``step``; ``wording`` and ``shape`` scale the two kinds of features.

    ``learned_from`` is the digest of the prompts it was learned from, so that weights and prompts cannot drift apart.
    """

    code: array[int]
    complex: array[int]
    step: float
    bias_code: float
    bias_complex: float
    wording: float
    shape: float
    learned_from: str


@dataclass(frozen=True, slots=True)
class Odds:
    """How much likelier code and complex are than simple: natural logarithms, 0 for equally likely."""

    code: float
    complex: float

    @property
    def simple(self) -> float:
        """The chance from 0 to 1 that a prompt is simple."""
        return 1 / (1 + math.exp(min(self.code, 50)) + math.exp(min(self.complex, 50)))


def odds(text: str) -> Odds:
    """What the model says of a text."""
    model = load()
    seen = features(text)
    of_words = model.wording / math.sqrt(max(FEWEST, len(seen.wording)))
    found = []
    for weights, bias in ((model.code, model.bias_code), (model.complex, model.bias_complex)):
        said, looks = (sum(map(weights.__getitem__, buckets)) for buckets in (seen.wording, seen.shape))
        found.append(bias + model.step * (of_words * said + model.shape * looks))
    return Odds(*found)


@lru_cache(maxsize=1)
def load() -> Model:
    """The shipped weights, read once; ``ValueError`` when the file is not what this version was made for."""
    head, _, packed = WEIGHTS.read_bytes().partition(b"\n")
    weights = array("b", decompress(packed))
    if len(weights) != 2 * BUCKETS:
        raise ValueError(f"{WEIGHTS.name} is not made for {BUCKETS} buckets")
    return Model(weights[:BUCKETS], weights[BUCKETS:], **json.loads(head))
