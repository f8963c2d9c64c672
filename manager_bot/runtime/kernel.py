"""What this host's kernel says of its memory, swap and settings, read from its files: microseconds, blocking."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_MIB_KIB = 1024
_ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class MemoryNow:
    """The host's memory at one moment, in MiB.

    ``available_mb`` is what can be had without swapping. ``stalled`` is the share of the last ten seconds in which all
    running tasks waited for memory (pressure stall information), in percent; nothing where the kernel does not say.
    """

    total_mb: int
    available_mb: int
    swap_mb: int
    swap_free_mb: int
    stalled: float | None = None


@dataclass(frozen=True, slots=True)
class KernelFacts:
    """Settings that decide how well agents sleep; a number is nothing where the kernel does not know it.

    ``compressed_mb`` is the part of the swap that is compressed memory. ``ratio`` is how far it has shrunk what is in
    it now (2.4: to a 2.4th), nothing while it is all but empty.
    """

    memory: MemoryNow
    compressed_mb: int
    ratio: float | None
    swappiness: int | None
    page_cluster: int | None
    overcommit: int | None
    counts_swap: bool
    freezes: bool


def memory_now(root: Path = _ROOT) -> MemoryNow:
    """Read now."""
    table = {}
    for line in (root / "proc/meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        table[name] = int(value.split()[0]) // _MIB_KIB
    return MemoryNow(table["MemTotal"], table["MemAvailable"], table["SwapTotal"], table["SwapFree"], _stalled(root))


def kernel_facts(root: Path = _ROOT) -> KernelFacts:
    """Read now."""
    vm = root / "proc/sys/vm"
    devices = _compressed(root)
    return KernelFacts(
        memory=memory_now(root),
        compressed_mb=sum(devices.values()),
        ratio=_ratio(root, list(devices)),
        swappiness=_number(vm / "swappiness"),
        page_cluster=_number(vm / "page-cluster"),
        overcommit=_number(vm / "overcommit_memory"),
        counts_swap=_counts_swap(root / "sys/fs/cgroup"),
        freezes=_freezes(root / "sys/fs/cgroup"),
    )


def _compressed(root: Path) -> dict[str, int]:
    """Names of zram devices in use as swap, with their size in MiB."""
    lines = [line.split() for line in (root / "proc/swaps").read_text().splitlines()[1:]]
    return {Path(line[0]).name: int(line[2]) // _MIB_KIB for line in lines if Path(line[0]).name.startswith("zram")}


def _ratio(root: Path, devices: list[str]) -> float | None:
    plain = packed = 0
    for device in devices:
        fields = (root / "sys/block" / device / "mm_stat").read_text().split()
        plain, packed = plain + int(fields[0]), packed + int(fields[2])
    return plain / packed if plain > _ENOUGH and packed else None


def _stalled(root: Path) -> float | None:
    try:
        lines = (root / "proc/pressure/memory").read_text().splitlines()
        full = next(line for line in lines if line.startswith("full "))
        return float(full.split()[1].removeprefix("avg10="))
    except (OSError, StopIteration, ValueError):
        return None


def _counts_swap(cgroup: Path) -> bool:
    """Version 2 shows it in every group but the root; version 1 in its memory hierarchy."""
    if (cgroup / "cgroup.controllers").exists():
        return any(cgroup.glob("*/memory.swap.max"))
    return (cgroup / "memory/memory.memsw.limit_in_bytes").exists()


def _freezes(cgroup: Path) -> bool:
    if (cgroup / "cgroup.controllers").exists():
        return any(cgroup.glob("*/cgroup.freeze"))
    return (cgroup / "freezer").is_dir()


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


_ENOUGH = 64 << 20
"""Bytes in compressed swap from which on their ratio says something."""
