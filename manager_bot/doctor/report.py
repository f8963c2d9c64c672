"""Findings for people, as a table, and for machines, as JSON."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from manager_bot.doctor.check import Check, Verdict

_MARKS = {Verdict.OK: "[green]✓[/]", Verdict.WARN: "[yellow]![/]", Verdict.FAIL: "[red]✗[/]"}


def show(checks: Sequence[Check], *, as_json: bool) -> int:
    """Print the findings; the exit status: 1 if any of them is a failure."""
    failed = any(check.verdict is Verdict.FAIL for check in checks)
    if as_json:
        found = {"ok": not failed, "checks": [asdict(check) for check in checks]}
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        _print(checks)
    return int(failed)


def _print(checks: Sequence[Check]) -> None:
    console = Console(highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for check in checks:
        cure = f"\n[dim]→ {escape(check.cure)}[/]" if check.cure else ""
        table.add_row(_MARKS[check.verdict], f"[bold]{escape(check.name)}[/]", escape(check.line) + cure)
    console.print(table)
    for check in checks:
        for command in check.commands:
            console.print(f"    {escape(command)}", soft_wrap=True)
    count = Counter(check.verdict for check in checks)
    console.print(f"\n{count[Verdict.OK]} stand, {count[Verdict.WARN]} could be better, {count[Verdict.FAIL]} fail")
