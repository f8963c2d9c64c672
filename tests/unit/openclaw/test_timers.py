"""What an agent's own file says of its next timer, whatever the agent made of that file."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manager_bot.openclaw.timers import NEXT_TIMER, OVERDUE, next_timer

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def said(tmp_path: Path) -> Path:
    """Where the agent says it."""
    (tmp_path / ".openclaw").mkdir()
    return tmp_path / ".openclaw" / NEXT_TIMER


def milliseconds(moment: datetime) -> bytes:
    return str(int(moment.timestamp() * 1000)).encode()


def test_it_is_the_moment_that_was_said(said: Path, tmp_path: Path) -> None:
    said.write_bytes(milliseconds(NOW + timedelta(hours=6)))

    assert next_timer(tmp_path, NOW) == NOW + timedelta(hours=6)


def test_a_timer_being_begun_counts_and_one_that_nobody_begins_does_not(said: Path, tmp_path: Path) -> None:
    said.write_bytes(milliseconds(NOW))

    assert next_timer(tmp_path, NOW + OVERDUE) == NOW
    assert next_timer(tmp_path, NOW + OVERDUE + timedelta(seconds=1)) is None


def test_without_a_job_or_without_a_file_there_is_none(said: Path, tmp_path: Path) -> None:
    assert next_timer(tmp_path, NOW) is None
    said.write_bytes(b"null")
    assert next_timer(tmp_path, NOW) is None
    assert next_timer(tmp_path / "nobody", NOW) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"soon",
        b"true",
        b"[1]",
        b"{}",
        b'"1795717492000"',
        b"NaN",
        b"Infinity",
        b"1e400",
        b"-1e300",
        b"9" * 32,
        b"\xff",
    ],
)
def test_nonsense_is_no_timer(said: Path, tmp_path: Path, content: bytes) -> None:
    said.write_bytes(content)

    assert next_timer(tmp_path, NOW) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=64) | st.integers().map(lambda one: str(one).encode()))
def test_whatever_is_said_nothing_is_raised(said: Path, tmp_path: Path, content: bytes) -> None:
    said.write_bytes(content)

    found = next_timer(tmp_path, NOW)

    assert found is None or (found.tzinfo is UTC and found >= NOW - OVERDUE)


def _a_link(said: Path) -> None:
    elsewhere = said.parent.parent / "elsewhere"
    elsewhere.write_bytes(milliseconds(NOW))
    said.symlink_to(elsewhere)


def _a_linked_folder(said: Path) -> None:
    elsewhere = said.parent.parent / "elsewhere"
    said.parent.rename(elsewhere)
    (elsewhere / NEXT_TIMER).write_bytes(milliseconds(NOW))
    said.parent.symlink_to(elsewhere)


def _a_pipe(said: Path) -> None:
    os.mkfifo(said)


def _a_folder(said: Path) -> None:
    said.mkdir()


def _a_gigabyte(said: Path) -> None:
    said.touch()
    os.truncate(said, 1 << 30)


@pytest.mark.parametrize("trick", [_a_link, _a_linked_folder, _a_pipe, _a_folder, _a_gigabyte])
def test_a_trick_is_no_timer(said: Path, tmp_path: Path, trick: Callable[[Path], None]) -> None:
    trick(said)

    assert next_timer(tmp_path, NOW) is None
