"""What fifty agents really take of a machine's memory, read from the kernel's own books."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fixtures.swap import CompressedSwap

GB = 1000**3
_KIB = 1024
_ENGINE = ("dockerd", "containerd", "containerd-shim", "docker-proxy", "docker-init", "runc")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Memory:
    """One look, in bytes.

    ``used`` is everything that nobody could get without taking it from somebody: not free, and not page cache that
    no process maps. Compressed swap lies in there. ``strangers`` is what processes that are neither the platform's
    nor the engine's hold for themselves. ``swapped`` is what was put into the swap, ``compressed`` what that takes.
    """

    used: int
    not_available: int
    strangers: int
    agents: int
    manager: int
    engine: int
    swapped: int
    compressed: int

    def since(self, before: Memory) -> float:
        """GB that the platform has taken since *before*; what strangers took or gave back meanwhile is not its own."""
        return (self.used - before.used - (self.strangers - before.strangers)) / GB

    def not_available_since(self, before: Memory) -> float:
        """The same by the kernel's MemAvailable, which counts mapped program files as free."""
        return (self.not_available - before.not_available - (self.strangers - before.strangers)) / GB

    @property
    def parts(self) -> float:
        """GB of the parts that can be named one by one: a check on the difference, which holds the kernel's too."""
        return (self.agents + self.manager + self.engine + self.compressed) / GB


@dataclass(slots=True)
class Books:
    """Who is ours: the agents' containers, the manager and the engine."""

    swap: CompressedSwap
    manager: int = 0
    containers: frozenset[str] = frozenset()

    def look(self) -> Memory:
        """Read everything once; about 50 ms."""
        meminfo = _table(_PROC / "meminfo")
        cache = meminfo["Cached"] - meminfo["Shmem"] + meminfo["Buffers"] + meminfo["SReclaimable"]
        held = {"agents": 0, "manager": 0, "engine": 0, "strangers": 0}
        for folder in _PROC.iterdir():
            if folder.name.isdigit():
                whose, size = self._process(folder)
                held[whose] += size
        swapped, compressed = self.swap.stored_bytes()
        return Memory(
            used=(meminfo["MemTotal"] - meminfo["MemFree"] - cache + meminfo["Mapped"]) * _KIB,
            not_available=(meminfo["MemTotal"] - meminfo["MemAvailable"]) * _KIB,
            swapped=swapped,
            compressed=compressed,
            **held,
        )

    def _process(self, folder: Path) -> tuple[str, int]:
        """Whose it is, and the memory it holds for itself (no file's pages)."""
        try:
            status = _table(folder / "status")
            name = (folder / "comm").read_text().strip()
            group = (folder / "cgroup").read_text()
        except OSError:  # it has ended meanwhile
            return "strangers", 0
        size = (status.get("RssAnon", 0)) * _KIB
        if any(container in group for container in self.containers):
            return "agents", size
        if folder.name == str(self.manager):
            return "manager", size
        return ("engine" if name.startswith(_ENGINE) else "strangers"), size


def resident_mb(pid: int, line: str = "VmRSS") -> float:
    """A process's resident memory in MB, program files included; ``VmHWM`` for the most it ever was."""
    return _table(_PROC / str(pid) / "status")[line] * _KIB / 1e6


def _table(path: Path) -> dict[str, int]:
    """``name: number kB`` lines; others are left out."""
    pairs = (line.partition(":") for line in path.read_text().splitlines())
    return {name: int(value.split()[0]) for name, _, value in pairs if value.split() and value.split()[0].isdigit()}
