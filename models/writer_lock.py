"""One writing process for each embedded database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from manager_bot.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a writer lock, as it wrote itself down."""

    pid: int
    purpose: str


class DatabaseInUse(OperatorError):
    """Another process writes to this SQLite database."""

    def __init__(self, database: Path, holder: Holder | None) -> None:
        who = f"process {holder.pid} (clawbot {holder.purpose})" if holder else "another process"
        cure = f"stop it first (kill {holder.pid})" if holder else "stop it first"
        super().__init__(
            f"{database} is in use by {who}: {cure}; SQLite admits one writing process, "
            "for several set CLAWBOT_DATABASE_URL to PostgreSQL"
        )


def lock_file(database: Path) -> Path:
    """The lock's file, beside the database."""
    return database.with_name(database.name + ".lock")


@contextmanager
def writer_lock(database: Path, purpose: str) -> Iterator[None]:
    """Be the one process that writes to *database*; raises :class:`DatabaseInUse` at once if there is another.

    The lock is the kernel's, on an open file: it ends with the process however the process ends, and the file that
    stays behind means nothing. *purpose* is told to whoever is refused.
    """
    try:
        descriptor = os.open(lock_file(database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise OperatorError(
            f"{lock_file(database)} cannot be opened ({error.strerror}): run as the user who owns the data folder"
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseInUse(database, _read(descriptor)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {purpose}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder_of(database: Path) -> Holder | None:
    """The process that writes to *database* now, if any; takes nothing (asked by ``doctor``)."""
    try:
        descriptor = os.open(lock_file(database), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> Holder | None:
    """Empty for the instant between another's lock and its note."""
    pid, _, purpose = os.pread(descriptor, 200, 0).decode(errors="replace").strip().partition(" ")
    return Holder(int(pid), purpose) if pid.isdecimal() else None
