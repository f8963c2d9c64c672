"""Memory from cgroup files, against trees as recorded on hosts of both versions and both drivers."""

from __future__ import annotations

from pathlib import Path

import pytest

from manager_bot.runtime import cgroup
from manager_bot.runtime.base import MemoryUse
from manager_bot.runtime.cgroup import end_reclaim, is_frozen, read_memory, read_swapped, reclaim

ID = "4f5e6a" * 10 + "abcd"

V1_STAT = """cache 12288000
rss 100663296
shmem 1048576
inactive_file 8192000
total_cache 12288000
total_rss 100663296
total_shmem 1048576
total_inactive_file 8192000
"""
V2_STAT = """anon 100663296
file 12288000
kernel 2097152
shmem 1048576
inactive_file 8192000
"""


def _tree(root: Path, folder: str, files: dict[str, str]) -> None:
    place = root / folder
    place.mkdir(parents=True)
    for name, text in files.items():
        (place / name).write_text(text)


@pytest.mark.parametrize("folder", [f"memory/docker/{ID}", f"memory/system.slice/docker-{ID}.scope"])
def test_version_1(tmp_path: Path, folder: str) -> None:
    files = {"memory.usage_in_bytes": "120000000\n", "memory.limit_in_bytes": "268435456\n", "memory.stat": V1_STAT}
    _tree(tmp_path, folder, files)
    assert read_memory(ID, tmp_path) == MemoryUse(120_000_000 - 12_288_000 + 1_048_576, 268_435_456)


@pytest.mark.parametrize("folder", [f"docker/{ID}", f"system.slice/docker-{ID}.scope"])
def test_version_2(tmp_path: Path, folder: str) -> None:
    _tree(tmp_path, folder, {"memory.current": "120000000\n", "memory.max": "268435456\n", "memory.stat": V2_STAT})
    assert read_memory(ID, tmp_path) == MemoryUse(120_000_000 - 12_288_000 + 1_048_576, 268_435_456)


def test_no_limit_is_a_limit_of_zero(tmp_path: Path) -> None:
    files = {"memory.current": "1\n", "memory.max": "max\n", "memory.stat": "file 0\n"}
    _tree(tmp_path, f"docker/{ID}", files)
    assert read_memory(ID, tmp_path) == MemoryUse(1, 0)


def test_a_container_that_does_not_run_has_no_memory(tmp_path: Path) -> None:
    assert read_memory(ID, tmp_path) is None


@pytest.mark.parametrize(("state", "frozen"), [("FROZEN", True), ("FREEZING", False), ("THAWED", False)])
def test_version_1_says_itself_whether_it_is_frozen(tmp_path: Path, state: str, frozen: bool) -> None:
    _tree(tmp_path, f"freezer/docker/{ID}", {"freezer.state": f"{state}\n"})
    assert is_frozen(ID, tmp_path) is frozen


@pytest.mark.parametrize("number", [0, 1])
def test_version_2_says_it_among_its_events(tmp_path: Path, number: int) -> None:
    _tree(tmp_path, f"system.slice/docker-{ID}.scope", {"cgroup.events": f"populated 1\nfrozen {number}\n"})
    assert is_frozen(ID, tmp_path) is bool(number)


def test_what_does_not_run_is_not_frozen(tmp_path: Path) -> None:
    assert not is_frozen(ID, tmp_path)


def test_version_1_is_asked_to_reclaim_everything(tmp_path: Path) -> None:
    _tree(tmp_path, f"memory/docker/{ID}", {"memory.force_empty": "", "memory.usage_in_bytes": "4096\n"})
    reclaim(ID, tmp_path)
    assert (tmp_path / f"memory/docker/{ID}/memory.force_empty").read_text() == "0"


def test_version_1_is_asked_again_until_little_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after a pass that brought nothing; once little is left, that is the kernel's own."""
    _tree(tmp_path, f"memory/docker/{ID}", {"memory.force_empty": "", "memory.usage_in_bytes": "240000000\n"})
    left = [137_000_000, 137_000_000, 137_000_000, 8_000_000, 0]

    def give_back(path: Path, value: str) -> None:
        path.with_name("memory.usage_in_bytes").write_text(f"{left.pop(0)}\n")

    monkeypatch.setattr(cgroup, "_write", give_back)
    reclaim(ID, tmp_path)
    assert left == [0]


@pytest.mark.parametrize(("own", "asleep", "awake"), [("0", "max", "0"), ("536870912", "536870912", "536870912")])
def test_version_2_may_swap_without_a_swap_limit_of_its_own_only_while_it_sleeps(
    tmp_path: Path, own: str, asleep: str, awake: str
) -> None:
    _tree(tmp_path, f"docker/{ID}", {"memory.swap.max": f"{own}\n", "memory.reclaim": ""})
    limit = tmp_path / f"docker/{ID}/memory.swap.max"
    reclaim(ID, tmp_path)
    assert (limit.read_text().split()[0], (limit.parent / "memory.reclaim").read_text()) == (asleep, "16777216")
    end_reclaim(ID, tmp_path)
    assert limit.read_text().split()[0] == awake


def test_an_older_kernel_without_memory_reclaim_is_no_fault(tmp_path: Path) -> None:
    _tree(tmp_path, f"docker/{ID}", {"memory.swap.max": "max\n"})
    reclaim(ID, tmp_path)
    assert not (tmp_path / f"docker/{ID}/memory.reclaim").exists()


def test_what_lies_in_swap_is_read_on_both_versions(tmp_path: Path) -> None:
    _tree(tmp_path / "1", f"memory/docker/{ID}", {"memory.stat": "total_swap 8192\n"})
    _tree(tmp_path / "2", f"docker/{ID}", {"memory.swap.current": "4096\n"})
    assert [read_swapped(ID, tmp_path / name) for name in ("1", "2", "3")] == [8192, 4096, 0]
