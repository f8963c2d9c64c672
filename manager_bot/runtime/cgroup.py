"""A container's memory from its cgroup files: microseconds, where ``docker stats`` costs a second."""

from __future__ import annotations

from pathlib import Path

from manager_bot.runtime.base import MemoryUse

ROOT = Path("/sys/fs/cgroup")

_V1 = ("memory/docker/{id}", "memory/system.slice/docker-{id}.scope")
_V2 = ("docker/{id}", "system.slice/docker-{id}.scope")


def read_memory(container_id: str, root: Path = ROOT) -> MemoryUse | None:
    """What the container holds without page cache (its tmpfs counts: it cannot be dropped); nothing if it does not run.

    Both drivers (cgroupfs, systemd) of both versions. An unlimited group reports a limit of 0.
    """
    for pattern in _V1:
        if (use := _read_v1(root / pattern.format(id=container_id))) is not None:
            return use
    for pattern in _V2:
        if (use := _read_v2(root / pattern.format(id=container_id))) is not None:
            return use
    return None


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
