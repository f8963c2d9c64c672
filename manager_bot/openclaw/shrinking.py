"""Takes blanks and comments out of the agent's programs.

V8 keeps the text of every file that is loaded, twice its length if one letter of it lies beyond Latin-1. OpenClaw
loads 4,000 files, 48 MB of such text; without blanks and with every such letter escaped, 28 MB are left, in each agent.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from manager_bot.openclaw.store import ImageError

TOOL = "esbuild"
_TOOL_FOLDERS = (TOOL, f"@{TOOL}")
_KINDS = (".js", ".mjs", ".cjs")
_AT_ONCE = 2_000
_OPTIONS = (
    "--minify-whitespace",  # nothing else: shorter syntax hides the names a module exports from node
    "--charset=ascii",
    "--legal-comments=inline",
    "--platform=node",  # else it takes the browser's file for node's
    "--tsconfig-raw={}",
    "--outdir=.",
    "--outbase=.",
    "--allow-overwrite",
    "--log-level=error",
)

Run = Callable[[list[str], Path], None]
"""Runs a command in a folder; raises :class:`ImageError` if it fails."""


def shrink(modules: Path, run: Run) -> None:
    """Rewrite every program below *modules*, with the tool that is installed there and gone afterwards."""
    tool = next(modules.glob(f"@{TOOL}/*/bin/{TOOL}"), None)
    if tool is None:
        raise ImageError(f"npm installed no {TOOL} for this machine: mend the recipe")
    for kind in _KINDS:
        paths = (path for path in sorted(modules.rglob(f"*{kind}")) if path.is_file() and not path.is_symlink())
        names = [str(path.relative_to(modules)) for path in paths if _is_program(path.relative_to(modules))]
        for first in range(0, len(names), _AT_ONCE):
            run([str(tool), *_OPTIONS, f"--out-extension:.js={kind}", *names[first : first + _AT_ONCE]], modules)
    for folder in _TOOL_FOLDERS:
        shutil.rmtree(modules / folder)
    (modules / ".bin" / TOOL).unlink(missing_ok=True)


def _is_program(path: Path) -> bool:
    """Not the tool itself, nor what an editor left in a hidden folder."""
    return path.parts[0] not in _TOOL_FOLDERS and not any(part.startswith(".") for part in path.parts)
