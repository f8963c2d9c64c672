"""A container's cgroup files: its memory in microseconds, where ``docker stats`` costs a second, and its freezing.

Both drivers (cgroupfs, systemd) of both cgroup versions. Blocking, but for reclaiming (seconds) too short to notice.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from manager_bot.runtime.base import MemoryUse

ROOT = Path("/sys/fs/cgroup")

_NAMES = ("docker/{id}", "system.slice/docker-{id}.scope")
_PIECE = 16 * 1024 * 1024
"""Bytes asked back at once: a request that the kernel cannot fulfil as a whole fails, and is the last."""
_MOST_PIECES = 1024
_WORTH_A_PASS = 2 * 1024 * 1024
_FRUITLESS_PASSES = 5
_PASS_PAUSE = 0.2
"""Seconds."""


def read_memory(container_id: str, root: Path = ROOT) -> MemoryUse | None:
    """What the container holds without page cache (its tmpfs counts: it cannot be dropped); nothing if it does not run.

    An unlimited group reports a limit of 0.
    """
    for folder in _folders(container_id, root / "memory"):
        if (use := _read_v1(folder)) is not None:
            return use
    for folder in _folders(container_id, root):
        if (use := _read_v2(folder)) is not None:
            return use
    return None


def read_swapped(container_id: str, root: Path = ROOT) -> int:
    """Bytes of the container that lie in swap."""
    for folder in _folders(container_id, root / "memory"):
        with contextlib.suppress(OSError, ValueError):
            return _table(folder / "memory.stat").get("total_swap", 0)
    for folder in _folders(container_id, root):
        with contextlib.suppress(OSError, ValueError):
            return int((folder / "memory.swap.current").read_text())
    return 0


def is_frozen(container_id: str, root: Path = ROOT) -> bool:
    """Whether the kernel has frozen every process of the container."""
    for folder in _folders(container_id, root / "freezer"):
        with contextlib.suppress(OSError):
            return (folder / "freezer.state").read_text().strip() == "FROZEN"
    for folder in _folders(container_id, root):
        with contextlib.suppress(OSError, ValueError):
            return _table(folder / "cgroup.events").get("frozen") == 1
    return False


def reclaim(container_id: str, root: Path = ROOT) -> None:
    """Move what the container holds to swap, as far as the kernel can; what came of it is for the caller to read.

    Version 2 counts a group's swap apart from its memory: the swap limit of 0 of a plan without swap is lifted until
    :func:`end_reclaim`; a plan with swap keeps its limit.
    """
    for folder in _folders(container_id, root / "memory"):
        with contextlib.suppress(OSError, ValueError):
            _empty(folder)
            return
    for folder in _folders(container_id, root):
        with contextlib.suppress(OSError):
            _exchange(folder / "memory.swap.max", "0", "max")
            for _ in range(_MOST_PIECES):
                _write(folder / "memory.reclaim", str(_PIECE))
            return


def _empty(folder: Path) -> None:
    """Pass after pass while one brings something: the first often leaves a third, and was seen to leave everything.

    On a busy machine with fifty agents every second pass at once brought nothing, and one a moment later all.
    """
    left, fruitless = int((folder / "memory.usage_in_bytes").read_text()), 0
    while True:
        _write(folder / "memory.force_empty", "0")
        before, left = left, int((folder / "memory.usage_in_bytes").read_text())
        fruitless = fruitless + 1 if before - left < _WORTH_A_PASS else 0
        if left <= _PIECE or fruitless == _FRUITLESS_PASSES:
            return
        time.sleep(_PASS_PAUSE if fruitless else 0)


def end_reclaim(container_id: str, root: Path = ROOT) -> None:
    """Give a thawed container of version 2 its swap limit of 0 back; what is in swap stays there until it is used."""
    for folder in _folders(container_id, root):
        with contextlib.suppress(OSError):
            _exchange(folder / "memory.swap.max", "max", "0")
            return


def _exchange(path: Path, old: str, new: str) -> None:
    if path.read_text().strip() == old:
        _write(path, new)


def _write(path: Path, value: str) -> None:
    """Cgroup files are written, never made: a missing one is an older kernel's."""
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


def _folders(container_id: str, root: Path) -> Iterator[Path]:
    yield from (root / name.format(id=container_id) for name in _NAMES)


def _read_v1(folder: Path) -> MemoryUse | None:
    try:
        total = int((folder / "memory.usage_in_bytes").read_text())
        limit = int((folder / "memory.limit_in_bytes").read_text())
        stat = _table(folder / "memory.stat")
    except (OSError, ValueError):
        return None
    cache = stat.get("total_cache", 0) - stat.get("total_shmem", 0)
    return MemoryUse(used=max(0, total - cache), limit=limit if limit < 1 << 60 else 0)


def _read_v2(folder: Path) -> MemoryUse | None:
    try:
        total = int((folder / "memory.current").read_text())
        limit = (folder / "memory.max").read_text().strip()
        stat = _table(folder / "memory.stat")
    except (OSError, ValueError):
        return None
    cache = stat.get("file", 0) - stat.get("shmem", 0)
    return MemoryUse(used=max(0, total - cache), limit=0 if limit == "max" else int(limit))


def _table(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in path.read_text().splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}
