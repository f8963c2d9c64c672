"""What is changed in OpenClaw's package, wherever it comes from: npm, or the official image."""

from __future__ import annotations

from pathlib import Path

from manager_bot.openclaw import recipe
from manager_bot.openclaw.patches import PATCHES
from manager_bot.openclaw.store import ImageError

MODULE_TYPE = "dist/package.json"
"""Without this file node reads OpenClaw's 115 KB package.json again for every module: half of the start. It is written
after OpenClaw's install step, which prunes it from 8.2 on."""

MODULE_TYPE_TEXT = '{"type":"module"}\n'

EXTENSIONS = "dist/extensions"


def patch(package: Path) -> list[Path]:
    """Apply every patch to the program in *package*; the files that changed. One that does not fit is an error."""
    changed = []
    for one in PATCHES:
        found = [path for path in package.glob(one.files) if one.before in path.read_text()]
        if len(found) != 1 or found[0].read_text().count(one.before) != 1:
            raise ImageError(f"OpenClaw {recipe.OPENCLAW_VERSION} does not hold {one.before!r} once: mend the recipe")
        found[0].write_text(found[0].read_text().replace(one.before, one.after))
        changed.append(found[0])
    return list(dict.fromkeys(changed))


def unused(extensions: list[str]) -> list[str]:
    """Which of the bundled *extensions* an agent never loads."""
    return [name for name in extensions if name not in recipe.KEPT_EXTENSIONS]
