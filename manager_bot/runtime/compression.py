"""How far processes' memory shrinks in compressed swap: tried on a scratch device of this kernel, without any swap.

An image is measured where it is built, often before that host has swap. So a sample of the memory is written to a zram
device of our own, and the kernel says what it made of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_ENTRY = 8
"""Bytes of a page's entry in ``/proc/<pid>/pagemap``."""
_IN_MEMORY = 1 << 63
_SHARED_OR_FILE = 1 << 61
_EVERY = 8
"""One page in so many is tried: 300 MiB make a sample of 40, and a tenth of a second."""
_MAPPED = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")
_ALGORITHM = "lz4"
_CONTROL = Path("/sys/class/zram-control")


@dataclass(frozen=True, slots=True)
class Packed:
    """``plain`` bytes of private memory, and what part of that is left of it once compressed (0.4: 40 %)."""

    plain: int
    share: float


def pack(pids: Sequence[int]) -> Packed | None:
    """Try the memory of *pids*; nothing where we may not read it or the kernel has no zram."""
    try:
        pages = [(pid, address) for pid in pids for address in _pages(pid)]
        sample = pages[::_EVERY]
        if not sample:
            return None
        with _scratch(len(sample) * _PAGE) as device:
            with Path("/dev", device).open("wb", buffering=_PAGE * 256) as target:
                target.writelines(_read(pid, address) for pid, address in sample)
                target.flush()
                os.fsync(target.fileno())
            plain, _, packed = (int(field) for field in Path("/sys/block", device, "mm_stat").read_text().split()[:3])
            return Packed(len(pages) * _PAGE, packed / plain) if plain else None
    except OSError:
        return None


@contextmanager
def _scratch(size: int) -> Iterator[str]:
    number = (_CONTROL / "hot_add").read_text().strip()
    device = f"zram{number}"
    try:
        settings = Path("/sys/block", device)
        with suppress(OSError):
            (settings / "comp_algorithm").write_text(_ALGORITHM)
        (settings / "disksize").write_text(str(size))
        yield device
    finally:
        (_CONTROL / "hot_remove").write_text(number)


def _pages(pid: int) -> Iterator[int]:
    """The addresses of the private pages that *pid* has in memory; a reservation of gigabytes has few."""
    with Path(f"/proc/{pid}/pagemap").open("rb") as pagemap:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            if (match := _MAPPED.match(line)) is None:
                continue
            start, end = (int(part, 16) for part in match.groups())
            pagemap.seek(start // _PAGE * _ENTRY)
            entries = memoryview(pagemap.read((end - start) // _PAGE * _ENTRY)).cast("Q")
            for number, entry in enumerate(entries):
                if entry & _IN_MEMORY and not entry & _SHARED_OR_FILE:
                    yield start + number * _PAGE


def _read(pid: int, address: int) -> bytes:
    """The page; nothing where the process has given it back since it was seen."""
    try:
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(address)
            page = memory.read(_PAGE)
    except OSError:
        return b""
    return page if len(page) == _PAGE else b""
