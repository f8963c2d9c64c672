"""Learn the weights of the gateway's routing from the prompts beside this file, and say how well they carry over.

``make routing-model`` runs it in an environment of its own: scikit-learn is no dependency of ClawBot. Training reads
only what was written for it (``training/``); prompts from public collections are for judging alone. The number in a
file's name is its batch; ``--judge`` learns without one batch at a time and prints how that does on it.
"""

from __future__ import annotations

import json
import random
import re
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final
from zlib import compress

import numpy as np
from meaning import meanings
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from manager_bot.gateway.policy.learned_routing import FEWEST, WEIGHTS
from manager_bot.gateway.policy.prompt_features import BUCKETS, features
from manager_bot.gateway.policy.routing import SURE, QueryClass

HERE: Final = Path(__file__).parent / "training"
CLASSES: Final = tuple(QueryClass)
FROM_EACH_TEMPLATE, TEMPLATE_WEIGHT, VARIED_WEIGHT = 12, 0.3, 0.4
WORDING, SHAPE = 3.0, 0.5
"""How strongly a unit of wording and of shape speak before anything is learned."""
MEANING: Final = 1.0
"""How strongly what a word means speaks beside the word itself."""
STRENGTH: Final = 4.0
"""Inverse of the penalty on large weights (scikit-learn's ``C``); chosen, like those above, by ``--judge``."""
SEED: Final = 7
SLOT: Final = re.compile(r"\{([a-z.]+)\}")
ENDINGS: Final = ".?!？。"


@dataclass(frozen=True)
class Prompt:
    """A labelled prompt; ``batch`` tells who wrote it when (templates: ``made``)."""

    wanted: QueryClass
    language: str
    batch: str
    text: str
    weight: float = 1.0


def written() -> Iterator[Prompt]:
    """Every prompt written for training, once."""
    seen = set()
    for path in sorted(HERE.glob("*-[0-9]*.txt")):
        language, _, batch = path.stem.partition("-")
        for head, line in sections(path):
            text = line.replace("\\n", "\n")
            if text not in seen:
                seen.add(text)
                yield Prompt(QueryClass(head), language, batch, text)


def varied(prompts: list[Prompt]) -> Iterator[Prompt]:
    """The same prompts as hasty or polite people send them: a greeting before, thanks after, no capitals, a slip."""
    slots, chance = filled_slots(), random.Random(SEED)  # noqa: S311 - no secret
    for prompt in prompts:
        text, way = prompt.text, chance.random()
        if way < 0.4:
            text = chance.choice(slots[f"before.{prompt.language}"]) + text[:1].lower() + text[1:]
        elif way < 0.6:
            text = text.rstrip(ENDINGS) + chance.choice(slots[f"after.{prompt.language}"])
        elif way < 0.85 or len(text) < 12:
            text = text.lower().rstrip(ENDINGS).lstrip("¿¡")
        else:
            slip = chance.randrange(2, len(text) - 2)
            text = text[:slip] + text[slip + 1] + text[slip] + text[slip + 2 :]
        if text != prompt.text:
            yield replace(prompt, text=text, weight=VARIED_WEIGHT)


def made() -> Iterator[Prompt]:
    """Prompts from templates with their slots filled at random, the same ones each time."""
    slots, chance, seen = filled_slots(), random.Random(SEED), set()  # noqa: S311 - no secret
    for head, template in sections(HERE / "templates.txt"):
        language, wanted = head.split()
        for _ in range(FROM_EACH_TEMPLATE):
            text = template.replace("\\n", "\n")
            for slot in SLOT.findall(template):
                text = text.replace(f"{{{slot}}}", chance.choice(slots.get(f"{slot}.{language}") or slots[slot]), 1)
            text = text[:1].upper() + text[1:] if chance.random() < 0.35 else text
            text = text.rstrip("?？") if chance.random() < 0.15 else text
            if text not in seen:
                seen.add(text)
                yield Prompt(QueryClass(wanted), language, "made", text, TEMPLATE_WEIGHT)


def filled_slots() -> dict[str, list[str]]:
    """What may stand in each slot, by its name; ``name.language`` where that differs."""
    slots: dict[str, list[str]] = {}
    for head, line in sections(HERE / "slots.txt"):
        slots.setdefault(head, []).extend(line.split("|") if "|" in line else line.split())
    return slots


def sections(path: Path) -> Iterator[tuple[str, str]]:
    """Each line with the heading (``= heading``) it stands under."""
    head = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            head = line[2:]
        elif line.strip():
            yield head, line


def matrix(prompts: list[Prompt]) -> csr_matrix:
    """One row a prompt, one column a bucket; wording is scaled by its square root, as the gateway does."""
    values, columns, ends = [], [], [0]
    for prompt in prompts:
        seen = features(prompt.text)
        columns += [*seen.wording, *seen.shape]
        values += [WORDING / max(FEWEST, len(seen.wording)) ** 0.5] * len(seen.wording) + [SHAPE] * len(seen.shape)
        ends.append(len(columns))
    rows = csr_matrix((values, columns, ends), shape=(len(prompts), BUCKETS))
    rows.sum_duplicates()
    return rows


def learn(
    rows: csr_matrix, prompts: list[Prompt], known: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Weights by class and bucket, and the classes' biases; a bucket seen in one prompt alone says nothing by itself.

    Beside the buckets it learns from what the words in a prompt mean, summed up (``known``: ``meanings``). Being a sum
    over words, that comes down to one more number a word and class, which is added to the weight of its bucket.
    """
    told = np.flatnonzero(np.diff(rows.tocsc().indptr) > 1)
    buckets, meant = known[0], MEANING * known[1]
    model = LogisticRegression(C=STRENGTH, max_iter=400, tol=1e-3)
    model.fit(
        hstack([rows[:, told], csr_matrix(rows[:, buckets] @ meant)]).tocsr(),
        [CLASSES.index(p.wanted) for p in prompts],
        sample_weight=[p.weight for p in prompts],
    )
    weights = np.zeros((len(CLASSES), BUCKETS))
    weights[:, told] = model.coef_[:, : len(told)]
    np.add.at(weights.T, buckets, meant @ model.coef_[:, len(told) :].T)
    return weights, model.intercept_


def save(weights: np.ndarray, biases: np.ndarray) -> None:
    """Write the gateway's file: code and complex against simple, a signed byte each; a single step is left out."""
    against = weights[1:] - weights[0]
    step = float(np.abs(against).max() / 127)
    steps = np.rint(against / step).astype(int)
    steps[np.abs(steps) <= 1] = 0
    head = {
        "step": step,
        "bias_code": float(biases[1] - biases[0]),
        "bias_complex": float(biases[2] - biases[0]),
        "wording": WORDING,
        "shape": SHAPE,
        "learned_from": digest(),
    }
    packed = array("b", steps.ravel().tolist())
    WEIGHTS.write_bytes(json.dumps(head).encode() + b"\n" + compress(packed.tobytes(), 9))


def digest() -> str:
    """SHA-256 of all files learned from, in the order of their names."""
    return sha256(b"".join(path.read_bytes() for path in sorted(HERE.glob("*.txt")))).hexdigest()


def decide(scores: np.ndarray) -> list[QueryClass]:
    """The gateway's decision, from one row of scores a prompt."""
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    return [CLASSES[0] if row[0] >= SURE else CLASSES[1 if row[1] >= row[2] else 2] for row in chances]


def judge(prompts: list[Prompt], known: tuple[np.ndarray, np.ndarray]) -> None:
    """Leave one batch out at a time and print what is found on it."""
    rows = matrix(prompts)
    for batch in sorted({p.batch for p in prompts} - {"made"}):
        inside = [i for i, p in enumerate(prompts) if p.batch != batch]
        outside = [i for i, p in enumerate(prompts) if p.batch == batch and p.weight == 1]
        weights, biases = learn(rows[inside], [prompts[i] for i in inside], known)
        found = decide(rows[outside] @ weights.T + biases)
        for language in ("en", "ru", "es", "zh", ""):
            pairs = [
                (prompts[i].wanted, got)
                for i, got in zip(outside, found, strict=True)
                if prompts[i].language == language or not language
            ]
            print(batch, language or "all", *figures(pairs))  # noqa: T201 - what it is run for


def figures(pairs: list[tuple[QueryClass, QueryClass]]) -> tuple[int, str, str]:
    """How many, macro-F1, and the share of code and complex prompts taken for simple."""
    scores = []
    for wanted in CLASSES:
        right = sum(want == got == wanted for want, got in pairs)
        wrong = sum((want == wanted) != (got == wanted) for want, got in pairs)
        scores.append(2 * right / max(1, 2 * right + wrong))
    hard = [got for want, got in pairs if want is not QueryClass.SIMPLE]
    return len(pairs), f"{sum(scores) / 3:.3f}", f"{hard.count(QueryClass.SIMPLE) / max(1, len(hard)):.1%}"


def main() -> None:
    """Judge, or learn from everything and write the gateway's weights."""
    own = list(written())
    prompts = [*own, *varied(own), *made()]
    known = meanings(prompt.text for prompt in prompts)
    if "--judge" in sys.argv:
        judge(prompts, known)
    else:
        save(*learn(matrix(prompts), prompts, known))


if __name__ == "__main__":
    main()
