"""Which lines of a tool's output must survive a cut.

Three signals, none of which needs to know the format: a line that speaks of an error, a line that holds
something shaped like nothing else around it (an identifier, a path), and a line that outlines the rest
(a definition, a heading).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

SEVERE_SIGN: Final = re.compile(
    r"\b(?:ERROR|FATAL|CRITICAL|PANIC|SEVERE|EMERG|ALERT)\b|Traceback \(most recent|\b\w*(?:Error|Exception)\b|\bpanic:"
    r"|\b[Ss]egmentation fault|\bcore dumped|\bOOM\b|\bout of memory|\bkilled\b|ОШИБКА|错误|异常|致命",
    re.ASCII,
)
_TROUBLE: Final = re.compile(
    r"\b(?:errors?|exception|fatal|critical|panic|fail(?:ed|ure|ing|s)?|denied|refused|forbidden|unauthori[sz]ed"
    r"|abort(?:ed)?|cannot|can't|could not|unable to|invalid|timed? ?out|timeout|not found|undefined|unreachable"
    r"|rejected|corrupt(?:ed)?|warn(?:ing)?|deprecated|falló|fallo|excepción)\b"
    r"|ошибк|исключени|сбой|не удалось|отказано|失败|无法|拒绝|超时|警告",
    re.IGNORECASE,
)
_HARMLESS: Final = re.compile(
    r"\b(?:no|0|zero|without)\s+(?:errors?|failures?|warnings?)\b"
    r"|\b(?:errors?|failed|failures)[\"']?\s*[:=]\s*(?:0|null|false|\[\])",
    re.IGNORECASE,
)
_OUTLINE: Final = re.compile(
    r"^(?:(?: {4}|\t| {2})?(?:export |public |private |protected |static |pub |async |abstract |final |default )*"
    r"(?:def|class|function|func|fn|struct|enum|interface|trait|impl|type|module|package|namespace|import|from|#include|use|const|CREATE|ALTER)\b"
    r"|#{1,6} |<h[1-6][ >]|<title|\[[\w.-]+\]\s*$)"
)
_TOKEN: Final = re.compile(r"[^\s\"'`,;()<>{}\[\]|=]{6,120}")
_RUNS: Final = re.compile(r"(.)\1+", re.DOTALL)
_SHAPES: Final = str.maketrans(
    {
        **dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "a"),
        **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A"),
        **dict.fromkeys("0123456789", "9"),
    }
)
_HINTS: Final = (
    "err",
    "exception",
    "fatal",
    "critical",
    "panic",
    "sever",
    "emerg",
    "alert",
    "traceback",
    "segmentation",
    "core dumped",
    "oom",
    "out of memory",
    "killed",
    "fail",
    "denied",
    "refused",
    "forbidden",
    "unauthori",
    "abort",
    "cannot",
    "can't",
    "could not",
    "unable",
    "invalid",
    "time",
    "not found",
    "undefined",
    "unreachable",
    "rejected",
    "corrupt",
    "warn",
    "deprecated",
    "fall",
    "excepci",
    "ошибк",
    "исключени",
    "сбой",
    "не удалось",
    "отказано",
    "错误",
    "异常",
    "致命",
    "失败",
    "无法",
    "拒绝",
    "超时",
    "警告",
)
"""Pieces of which one stands in every line the patterns below can match: a search for them is far cheaper."""
_PLAIN: Final = re.compile(r"[aA]+[.:!?]?|9+|[^aA9]+")
SEVERE: Final = 8.0
TROUBLE: Final = 5.0
ODD: Final = 4.0
OUTLINE: Final = 1.5


@dataclass(frozen=True, slots=True)
class Line:
    """How much a line matters, and where in it the reason stands (for cutting a long line around it)."""

    score: float
    focus: int
    is_error: bool = False


def trouble_of(line: str) -> Line:
    """The score of a line for what it says, apart from its neighbours."""
    if found := SEVERE_SIGN.search(line):
        return Line(SEVERE, found.start(), is_error=True) if not _HARMLESS.search(line) else Line(0.0, 0)
    if (found := _TROUBLE.search(line)) and not _HARMLESS.search(line):
        return Line(TROUBLE, found.start(), is_error=True)
    return _outline_of(line)


def _outline_of(line: str) -> Line:
    return Line(OUTLINE, 0) if _OUTLINE.match(line) else Line(0.0, 0)


def _hinted(line: str, hints: list[str]) -> bool:
    lower = line.lower()
    return any(hint in lower for hint in hints)


def weigh(lines: Sequence[str]) -> list[Line]:
    """A score for each line; of equal errors the first of its kind counts more than its repetitions."""
    whole = "\n".join(lines).lower()
    hints = [hint for hint in _HINTS if hint in whole]
    shaped = [_shapes(line) for line in lines]
    frequency = Counter(shape for shapes in shaped for shape in shapes)
    rare = max(2, len(lines) // 100)
    seen: Counter[str] = Counter()
    weighed: list[Line] = []
    for line, shapes in zip(lines, shaped, strict=True):
        said = trouble_of(line) if _hinted(line, hints) else _outline_of(line)
        odd = max(
            ((ODD / frequency[shape], at) for shape, at in shapes.items() if frequency[shape] <= rare), default=(0.0, 0)
        )
        if said.is_error:
            kind = _kind(line)
            seen[kind] += 1
            score = said.score - min(2.0, 0.25 * (seen[kind] - 1)) + odd[0] / 4
            weighed.append(Line(score, said.focus, is_error=True))
        else:
            weighed.append(Line(min(said.score + odd[0], TROUBLE - 0.1), odd[1] or said.focus))
    return weighed


def _kind(line: str) -> str:
    return _RUNS.sub(r"\1", re.sub(r"\d", "9", line))[:80]


def _shapes(line: str) -> dict[str, int]:
    """Shapes of the line's identifier-like tokens, each with its place: ``ORDER-7F3A`` is ``A-9A9A``."""
    found: dict[str, int] = {}
    for token in _TOKEN.finditer(line):
        text = token.group()
        if not text.isalpha() and (shape := _shape(text.translate(_SHAPES))) is not None:
            found.setdefault(shape, token.start())
    return found


@lru_cache(maxsize=8192)
def _shape(classes: str) -> str | None:
    """Runs of one class made single; nothing for a plain word or number. Few shapes make up a whole log."""
    shape = _RUNS.sub(r"\1", classes)
    return shape if len(shape) > 1 and not _PLAIN.fullmatch(shape) else None
