"""Tool results of 50,000 characters as agents really get them, each with something planted in the middle."""

from __future__ import annotations

import json
import random

SIZE = 50_000


def _dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - made-up test data, the same each time


def _until(lines: list[str], plant: str) -> str:
    lines.insert(len(lines) // 2, plant)
    return "\n".join(lines) + "\n"


def log(
    plant: str = "2026-11-22 10:40:07 ERROR worker-3 could not open /srv/app/data/ledger.db: disk I/O error",
) -> str:
    dice = _dice(1)
    lines = [
        f"2026-11-22 10:{n // 60 % 60:02}:{n % 60:02} INFO worker-{dice.randint(0, 9)}"
        f" handled request {dice.randint(10**6, 10**7)} in {dice.randint(1, 900)} ms"
        for n in range(SIZE // 70)
    ]
    return _until(lines, plant)


def csv(plant: str = "9121,ORDER-7F3A91,refunded,-12.50,/srv/exports/2026/refunds.csv") -> str:
    dice = _dice(2)
    rows = [f"{n},{dice.randint(10**5, 10**6)},paid,{dice.random() * 100:.2f},shop" for n in range(SIZE // 27)]
    return "id,order,state,amount,origin\n" + _until(rows, plant)


def json_list(plant: str = "TICKET-88412") -> str:
    dice = _dice(3)
    items = [
        {"id": n, "name": f"user {dice.randint(1, 10**6)}", "active": True, "tags": ["a", "b"]}
        for n in range(SIZE // 65)
    ]
    items[len(items) // 2]["name"] = f"{plant} /var/lib/app/state.json"
    return json.dumps({"total": len(items), "next": None, "items": items})


def html(plant: str = "INC-20417") -> str:
    dice = _dice(4)
    words = ["river", "stone", "cloud", "garden", "window", "paper", "silver", "morning", "letter", "harbor"]
    blocks = [
        f'<div class="row col-{n % 12}" style="margin:{n}px"><p class="text">'
        f"{' '.join(dice.choices(words, k=14))}</p></div>"
        for n in range(SIZE // 150)
    ]
    blocks.insert(
        len(blocks) // 2, f'<p class="note">See <a href="https://example.org/kb/{plant}">{plant}</a> for the cure</p>'
    )
    head = "<!doctype html><html><head><title>Harbour notes</title><style>.row{color:red}</style>"
    head += "<script>var x=1;</script></head>"
    return head + "<body>" + "".join(blocks) + "</body></html>"


def source(plant: str = "def settle_ledger_7731(account: str) -> None:") -> str:
    dice = _dice(5)
    names = ["total", "count", "index", "value", "result", "buffer", "cursor", "amount"]
    lines = ["import os", "from pathlib import Path", ""]
    for n in range(SIZE // 40):
        if n % 40 == 0:
            lines.append(f"def step_{dice.choice(names)}(value: int) -> int:")
        lines.append(f"    {dice.choice(names)} = {dice.choice(names)} + {dice.choice(names)} * {n}")
    return _until(lines, plant)


ALL = {"log": log, "csv": csv, "json": json_list, "html": html, "source": source}
PLANTED = {
    "log": ["ERROR worker-3", "/srv/app/data/ledger.db"],
    "csv": ["ORDER-7F3A91", "/srv/exports/2026/refunds.csv"],
    "json": ["TICKET-88412", "/var/lib/app/state.json"],
    "html": ["INC-20417", "Harbour notes"],
    "source": ["settle_ledger_7731", "from pathlib import Path"],
}
