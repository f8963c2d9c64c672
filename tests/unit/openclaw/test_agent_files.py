"""Agents' directories against an agent that plays tricks; as root, as ClawBot runs."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from manager_bot.openclaw.files import AgentFiles

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


@pytest.fixture
def files(tmp_path: Path) -> AgentFiles:
    assert os.geteuid() == 0, "these tests give files to other users: run them as root"
    return AgentFiles.below(tmp_path)


def mode_and_owner(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return stat.S_IMODE(found.st_mode), found.st_uid


def test_the_agent_owns_its_data_and_nobody_else_sees_it(files: AgentFiles) -> None:
    home = files.prepare("agent-1")
    files.prepare("agent-1")

    for path in (home, home / "workspace", home / ".openclaw"):
        assert mode_and_owner(path) == (0o700, 1000)
    assert mode_and_owner(files.data) == (0o700, 0)


def test_the_agent_reads_its_config_and_cannot_write_it(files: AgentFiles) -> None:
    config = files.write_config("agent-1", b"{}") / "openclaw.json"

    found = config.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (0o440, 0, 1000)
    found = config.parent.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (0o750, 0, 1000)


def test_a_rewritten_config_is_whole_and_leaves_nothing_beside(files: AgentFiles) -> None:
    files.write_config("agent-1", b"first")
    directory = files.write_config("agent-1", b"second")

    assert files.read_config("agent-1") == b"second"
    assert [path.name for path in directory.iterdir()] == ["openclaw.json"]


def test_the_last_good_config_and_the_last_refused_one_are_remembered(files: AgentFiles) -> None:
    files.write_config("agent-1", b"good")
    assert (files.good_config("agent-1"), files.refused("agent-1")) == (None, None)
    files.mark_good("agent-1")

    files.write_config("agent-1", b"bad")
    files.refuse("agent-1", "name of the bad one")

    assert files.good_config("agent-1") == b"good"
    assert files.refused("agent-1") == "name of the bad one"


def test_a_link_in_the_place_of_a_directory_is_not_followed(files: AgentFiles, tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.mkdir(mode=0o755)
    home = files.prepare("agent-1")
    (home / "workspace").rmdir()
    (home / "workspace").symlink_to(treasure)

    files.prepare("agent-1")

    assert mode_and_owner(treasure) == (0o755, 0)
    assert not (home / "workspace").is_symlink()


def test_removing_leaves_what_links_point_to(files: AgentFiles, tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "gold").write_text("gold")
    home = files.prepare("agent-1")
    (home / "workspace" / "door").symlink_to(treasure)
    (home / "door").symlink_to(treasure / "gold")

    files.remove("agent-1")
    files.remove("agent-1")

    assert (treasure / "gold").read_text() == "gold"
    assert not home.exists()


def test_a_tree_deeper_than_any_stack_is_removed(files: AgentFiles) -> None:
    home = files.prepare("agent-1")
    descriptor = os.open(home, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=descriptor)
        os.mkdir(".removed-1-0", dir_fd=descriptor)
        deeper = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = deeper
    os.close(descriptor)

    files.remove("agent-1")

    assert not home.exists()


def test_archived_data_comes_back(files: AgentFiles) -> None:
    (files.prepare("agent-1") / "workspace" / "note").write_text("remember")
    files.write_config("agent-1", b"{}")

    name = files.put_away("agent-1", NOW)

    assert name == "agent-1.20260504T030201Z"
    assert not files.data_dir("agent-1").exists()
    assert files.read_config("agent-1") is None
    assert [(one.agent, one.archived_at) for one in files.archives()] == [("agent-1", NOW)]

    assert files.bring_back(name, "agent-2")
    assert (files.data_dir("agent-2") / "workspace" / "note").read_text() == "remember"
    assert not files.bring_back(name, "agent-2")


def test_purged_data_is_gone(files: AgentFiles) -> None:
    files.prepare("agent-1")
    name = files.put_away("agent-1", NOW)
    assert name

    files.purge(name)
    files.purge(name)

    assert files.archives() == []
    assert files.put_away("agent-1", NOW) is None


@pytest.mark.parametrize("name", ["", ".", "..", "../config", "a/b", "-rf", "A", "a\n", "x" * 64])
def test_no_name_leads_outside(files: AgentFiles, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        files.prepare(name)
    with pytest.raises(ValueError, match="not a name"):
        files.remove(name)


def test_only_archives_can_be_purged(files: AgentFiles) -> None:
    with pytest.raises(ValueError, match="does not match"):
        files.purge("../agents/agent-1")


def test_disk_space_in_mib(files: AgentFiles) -> None:
    home = files.prepare("agent-1")
    (home / "workspace" / "big").write_bytes(os.urandom(3 << 20))

    assert 3 <= files.used_mb("agent-1") <= 4
    assert files.used_mb("agent-2") == 0
