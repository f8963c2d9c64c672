"""Room for agents' data, and a folder nobody else looks into."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from manager_bot.config import Settings
from manager_bot.doctor.check import Check, fail, ok, warn

NEEDED_MB = 2048
"""Below this the manager stops agents that grow (DESIGN 5)."""

_MIB = 1024 * 1024


def check_disk(settings: Settings, needed_mb: int = NEEDED_MB) -> list[Check]:
    """The data folder (or where it will be made): writable, private, with room."""
    folder = settings.data_dir.absolute()
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return [fail("data folder", f"{folder} cannot be written", "be root, or set CLAWBOT_DATA_DIR")]
    return [_private(folder), _room(existing, needed_mb)]


def _private(folder: Path) -> Check:
    if folder.exists() and folder.stat().st_mode & 0o077:
        return warn("data folder", f"{folder} is open to others on this host", f"chmod 700 {folder}")
    return ok("data folder", f"{folder} is writable" if folder.exists() else f"{folder} will be made")


def _room(folder: Path, needed_mb: int) -> Check:
    free_mb = shutil.disk_usage(folder).free // _MIB
    if free_mb < needed_mb:
        return fail(
            "disk",
            f"{free_mb} MiB are free, at least {needed_mb} are needed",
            "free some space, or set CLAWBOT_DATA_DIR to a larger disk",
        )
    return ok("disk", f"{free_mb // 1024} GiB are free")
