"""The seed's context window in tokens, and how it is dealt out (DESIGN 6.3)."""

from __future__ import annotations

from typing import Final

WINDOW: Final = 32_000
"""No forwarded prompt passes this."""
TRIGGER: Final = 24_000
"""Above this the oldest turns are summarised."""
TARGET: Final = 14_000
"""What a compaction brings a request down to, so that it does not re-trigger at once."""
SUMMARY: Final = 6_000
EXCHANGE: Final = 16_000
RESERVE: Final = 4_000
"""Left free for the answer and for the estimate's error."""
SLACK: Final = 0.75
"""The share of its room that shrunk tool results fill, so that they stay as they are for several calls."""
