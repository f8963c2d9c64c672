"""What fits on the host, for an admin: a table of plans, and what it was computed from."""

from __future__ import annotations

import html
from collections.abc import Sequence

from manager_bot.services.sizing import Sizing
from manager_bot.telegram.callbacks import AdminGo, AdminGoto
from manager_bot.telegram.view import Key, View
from manager_bot.telegram.words import Words, joined
from manager_bot.texts import Html


def capacity_view(words: Words, sizing: Sizing, agents: tuple[int, int], expected_mb: int, table: Html) -> View:
    """How much there is, what an agent takes, and the *table* of what fits.

    *agents* is how many there are and how many of those are asleep now; *expected_mb* is what they take on average.
    """
    (there, asleep), host, needs, terms = agents, sizing.host, sizing.needs, sizing.terms
    text = joined(
        words("admin.capacity.title"),
        joined(
            words(
                "admin.capacity.memory",
                total=words.memory(host.memory_mb),
                kept=words.memory(host.reserve_mb),
                agents=words.memory(sizing.total_mb),
            ),
            words("admin.capacity.swap", swap=words.memory(host.swap_mb)) if host.swap_mb else words("admin.no_swap"),
            words(
                "admin.capacity.one",
                awake=words.memory(needs.awake_mb),
                asleep=words.memory(needs.asleep_mb if host.swap_mb else 0),
            ),
            words("admin.capacity.share", percent=round(terms.awake * 100)),
        ),
        words.count(
            "admin.capacity.now",
            there,
            asleep=asleep,
            expected=words.memory(expected_mb),
            total=words.memory(sizing.total_mb),
        ),
        table,
        words("admin.capacity.columns"),
        gap="\n\n",
    )
    refresh = Key(words("button.refresh"), AdminGo(to=AdminGoto.CAPACITY))
    return View("admin_capacity", text, ([refresh, Key(words("button.overview"), AdminGo(to=AdminGoto.OVERVIEW))],))


def capacity_table(words: Words, rows: Sequence[Sequence[str]]) -> Html:
    """*rows* under their headings, in columns as wide as they need be."""
    heads = [str(words(f"admin.capacity.head.{name}")) for name in ("plan", "size", "fit", "awake", "more")]
    lines = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    shown = [
        "  ".join(cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(line, widths, strict=True)) for line in lines)
    ]
    return Html(f"<pre>{html.escape(chr(10).join(shown))}</pre>")
