"""One writing process for each embedded database, and what the others are told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from manager_bot.errors import OperatorError
from models import database as db
from models.writer_lock import DatabaseInUse, holder_of, writer_lock

HOLD = """
import sys, time, pathlib
from models.writer_lock import writer_lock
with writer_lock(pathlib.Path(sys.argv[1]), "run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clawbot.db"


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own words
        assert process.stdout
        assert process.stdout.readline().strip() == "held"
        yield process
        process.kill()


def test_a_second_process_is_refused_in_one_line_with_the_holder_and_the_cure(path: Path):
    with another_process(path) as process:
        with pytest.raises(DatabaseInUse) as refused, writer_lock(path, "migrate"):
            pass
        line = str(refused.value)
        assert f"in use by process {process.pid} (clawbot run)" in line
        assert f"kill {process.pid}" in line
        assert "PostgreSQL" in line
        assert "\n" not in line


def test_a_lock_that_cannot_be_opened_is_one_line(path: Path):
    path.with_name("clawbot.db.lock").symlink_to("/etc/hostname")
    said = r"clawbot\.db\.lock cannot be opened .*: run as the user"
    with pytest.raises(OperatorError, match=said), writer_lock(path, "run"):
        pass


def test_sigkill_frees_the_lock(path: Path):
    with another_process(path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with writer_lock(path, "run"):
            assert holder_of(path) is not None


def test_whoever_asks_is_told_and_takes_nothing(path: Path):
    assert holder_of(path) is None
    with another_process(path) as process:
        assert (holder := holder_of(path)) is not None
        assert (holder.pid, holder.purpose) == (process.pid, "run")
    assert holder_of(path) is None
    with writer_lock(path, "run"):
        pass


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_migration_is_refused_while_the_manager_runs(database_url: str):
    async with db.open_database(database_url, "run"):
        with pytest.raises(DatabaseInUse, match=f"process {os.getpid()} \\(clawbot run\\)"):
            await db.migrate(database_url)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_postgresql_admits_several_processes(database_url: str):
    async with db.open_database(database_url, "run"), db.open_database(database_url, "run"):
        assert not await db.pending()
