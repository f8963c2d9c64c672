"""The world's clock, which a test may move forward."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """Seconds since the epoch, shifted by what was skipped.

    Only rules of age read it (48 h for deletion, 24 h for updates, expiry of a button press);
    waiting itself (long polls, delays) is in real time.
    """

    skipped: float = 0.0

    def now(self) -> float:
        return time.time() + self.skipped

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self.skipped += seconds
