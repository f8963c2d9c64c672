"""Remembering what was worked out of long texts, which a conversation brings again with each of its requests.

A text fresh from a request has no hash yet, and hashing it costs several times what comparing it with a known one does.
So a text is looked up by its length and by what stands at a few places of it, and then compared in full: nothing is
ever taken for another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

T = TypeVar("T")
_LOOK: Final = 32
"""Characters looked at in each place."""


@dataclass(slots=True)
class Memo(Generic[T]):
    """What *work* makes of a text, for the last *most* texts; *work* must depend on nothing else."""

    work: Callable[[str], T]
    most: int
    _known: dict[tuple[int, str, str, str, str], tuple[str, T]] = field(default_factory=dict)

    def __call__(self, text: str) -> T:
        size = len(text)
        third, half = size // 3, size // 2
        key = (size, text[:_LOOK], text[third : third + _LOOK], text[half : half + _LOOK], text[-_LOOK:])
        known = self._known.get(key)
        if known is not None and known[0] == text:
            return known[1]
        made = self.work(text)
        if len(self._known) >= self.most:
            del self._known[next(iter(self._known))]
        self._known[key] = (text, made)
        return made
