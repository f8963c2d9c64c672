"""The data folder is private, and nobody's shared folder is closed by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from manager_bot.data_folder import make_private
from manager_bot.errors import OperatorError


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_folder_is_private(tmp_path: Path):
    make_private(tmp_path / "a" / "b")
    assert mode(tmp_path / "a" / "b") == 0o700


def test_our_own_folder_is_made_private_again(tmp_path: Path):
    ours = tmp_path / "data"
    ours.mkdir(mode=0o755)
    for name in ("agents", "config", "archive"):
        (ours / name).mkdir()
    (ours / "clawbot.db.lock").touch()
    make_private(ours)
    assert mode(ours) == 0o700


def test_a_folder_with_something_foreign_is_refused_and_left_as_it_is(tmp_path: Path):
    shared = tmp_path / "srv"
    shared.mkdir(mode=0o755)
    (shared / "www").mkdir()
    with pytest.raises(OperatorError, match=r"holds more than ClawBot's data \(www\): set CLAWBOT_DATA_DIR"):
        make_private(shared)
    assert mode(shared) == 0o755


def test_a_place_that_cannot_be_is_one_line(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match=r"cannot be used .*: set CLAWBOT_DATA_DIR"):
        make_private(tmp_path / "file" / "data")
