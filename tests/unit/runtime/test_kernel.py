"""What the kernel's files say, for hosts that are set up differently."""

from __future__ import annotations

from pathlib import Path

import pytest

from manager_bot.runtime.kernel import MemoryNow, kernel_facts, memory_now

MEMINFO = """\
MemTotal:       16777216 kB
MemFree:          524288 kB
MemAvailable:    9437184 kB
SwapTotal:       8388608 kB
SwapFree:        4194304 kB
"""
PRESSURE = """\
some avg10=12.50 avg60=1.00 avg300=0.10 total=99
full avg10=3.25 avg60=0.50 avg300=0.00 total=42
"""


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(
        tmp_path,
        {
            "proc/meminfo": MEMINFO,
            "proc/swaps": "Filename Type Size Used Priority\n/dev/zram1 partition 8388604 1000 100\n",
            "proc/sys/vm/swappiness": "100\n",
            "proc/sys/vm/page-cluster": "0\n",
            "proc/sys/vm/overcommit_memory": "0\n",
            "sys/block/zram1/mm_stat": f"{1 << 30} 400000000 {1 << 29} 0 0 0 0 0 0\n",
        },
    )
    return tmp_path


def test_memory_now(root: Path) -> None:
    assert memory_now(root) == MemoryNow(16384, 9216, 8192, 4096, None)
    write(root, {"proc/pressure/memory": PRESSURE})
    assert memory_now(root).stalled == 3.25


@pytest.mark.parametrize(
    ("files", "counts_swap", "freezes"),
    [
        ({"sys/fs/cgroup/memory/memory.memsw.limit_in_bytes": "1", "sys/fs/cgroup/freezer/tasks": ""}, True, True),
        ({"sys/fs/cgroup/memory/tasks": ""}, False, False),
        (
            {
                "sys/fs/cgroup/cgroup.controllers": "memory",
                "sys/fs/cgroup/system.slice/memory.swap.max": "max",
                "sys/fs/cgroup/system.slice/cgroup.freeze": "0",
            },
            True,
            True,
        ),
        ({"sys/fs/cgroup/cgroup.controllers": "memory", "sys/fs/cgroup/system.slice/tasks": ""}, False, False),
    ],
)
def test_both_versions_of_cgroups(root: Path, files: dict[str, str], counts_swap: bool, freezes: bool) -> None:
    write(root, files)

    facts = kernel_facts(root)

    assert (facts.counts_swap, facts.freezes) == (counts_swap, freezes)
    assert (facts.compressed_mb, facts.ratio) == (8191, 2.0)
    assert (facts.swappiness, facts.page_cluster, facts.overcommit) == (100, 0, 0)


def test_swap_that_is_all_but_empty_says_nothing_of_its_ratio(root: Path) -> None:
    write(root, {"sys/block/zram1/mm_stat": "4096 100 4096 0 0 0 0 0 0\n"})
    assert kernel_facts(root).ratio is None


def test_a_kernel_that_lacks_settings(root: Path) -> None:
    (root / "proc/sys/vm/page-cluster").unlink()
    write(root, {"proc/swaps": "Filename Type Size Used Priority\n/dev/sda2 partition 8388604 0 -2\n"})

    facts = kernel_facts(root)

    assert facts.page_cluster is None
    assert facts.compressed_mb == 0
