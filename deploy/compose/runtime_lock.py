"""Prints the part of requirements.lock that ClawBot needs to run, without what only its tests need."""

from __future__ import annotations

import re
import sys
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[2] / "requirements.lock"


def needed(root: str) -> set[str]:
    """The canonical names of *root*'s requirements, and of theirs, as installed beside this program."""
    seen: set[tuple[str, str]] = set()
    waiting = [(root, "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for one in map(Requirement, requires(name) or ()):
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(one.name), which) for which in ("", *one.extras)]
    return {name for name, _ in seen}


def main() -> None:
    """An entry of the lock is a line that begins with its name, and the indented lines of its hashes."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", LOCK.read_text(encoding="utf-8").strip())
    names = needed("clawbot")
    kept = [one for one in entries if canonicalize_name(re.split(r"[=\[ ]", one, maxsplit=1)[0]) in names]
    sys.stdout.write("\n".join(kept) + "\n")


if __name__ == "__main__":
    main()
