"""What a running container takes of the host's memory, awake and asleep. Blocking; root."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from manager_bot.openclaw.store import Weight
from manager_bot.runtime.cgroup import read_memory
from manager_bot.runtime.compression import pack

_MIB = 1 << 20


def weigh(container_id: str, pid: int) -> Weight | None:
    """The container whose first process is *pid*, with the shim that Docker keeps beside it; nothing if it is gone."""
    use = read_memory(container_id)
    if use is None:
        return None
    beside = _beside(pid)
    packed = pack(_family(pid))
    asleep = None if packed is None else beside + max(0, use.used - packed.plain) + packed.plain * packed.share
    return Weight((use.used + beside) / _MIB, None if asleep is None else asleep / _MIB)


def _family(pid: int) -> list[int]:
    """*pid* and everything below it."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            found += [int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
    return found


def _beside(pid: int) -> int:
    """Bytes of the shim above the container, its share of what all shims share counted once."""
    with suppress(OSError, ValueError, StopIteration):
        parent = _line(f"/proc/{pid}/status", "PPid:")
        if "shim" in Path(f"/proc/{parent}/comm").read_text():
            return _line(f"/proc/{parent}/smaps_rollup", "Pss:") * 1024
    return 0


def _line(path: str, name: str) -> int:
    lines = Path(path).read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])
