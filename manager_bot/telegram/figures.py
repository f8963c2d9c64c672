"""Figures drawn with letters."""

from __future__ import annotations

from collections.abc import Sequence

from manager_bot.texts import Html

BAR_LENGTH = 10


def percent(part: int, whole: int) -> int:
    """*part* of *whole* in percent, rounded down, so that 100 means all of it."""
    return 100 * part // whole if whole > 0 else 100


def bar(part: int, whole: int) -> str:
    """A bar of ten squares; the smallest use shows as one, and only all of it fills them."""
    filled = min(BAR_LENGTH, BAR_LENGTH * part // whole) if whole > 0 else BAR_LENGTH
    if part > 0:
        filled = max(filled, 1)
    return "▰" * filled + "▱" * (BAR_LENGTH - filled)


def table(rows: Sequence[Sequence[str]]) -> Html:
    """Cells in columns of even width: the first to the left, figures to the right. Cells must be free of HTML."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        row[0].ljust(widths[0])
        + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    return Html("<pre>" + "\n".join(line.rstrip() for line in lines) + "</pre>")
