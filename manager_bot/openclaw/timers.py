"""When an agent's own timers are due: its reminders and recurring tasks (OpenClaw's cron jobs).

A sleeping agent runs none, so whoever puts it to sleep asks here first and wakes it in time. OpenClaw keeps its
jobs in a database; the image's patched program says beside it, each time it sets its clock, when the next one
is due (:mod:`manager_bot.openclaw.patches`). The file is the agent's: it may lie, but only about itself.
"""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from manager_bot.openclaw.tree import opened

NEXT_TIMER = "next-timer.json"
"""In the state folder: Unix milliseconds, or ``null`` without a job. It is replaced as a whole."""

OVERDUE = timedelta(minutes=2)
"""How long a moment that has passed still counts. An agent that is awake begins what is due within seconds and then
names the next; an older moment is one that nobody will begin (timers were taken away), or a lie to stay awake."""

_STATE = ".openclaw"
_MOST_BYTES = 32
_REGULAR_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def next_timer(data_dir: Path, now: datetime) -> datetime | None:
    """The moment (UTC) of the next due timer of the agent whose data is in *data_dir*; ``None`` without one.

    A moment up to :data:`OVERDUE` before *now* is returned too: that timer is being begun. Whatever the agent made
    of the file or of the folders above it (a link, a pipe, nonsense, megabytes), the answer is ``None``. Blocking
    for one small read; call it in a thread.
    """
    try:
        with opened(None, str(data_dir)) as home, opened(home, _STATE) as state:
            moment = _moment(_content(state))
    except (OSError, ValueError, OverflowError, RecursionError):
        return None
    return None if moment is None or moment < now - OVERDUE else moment


def _content(state: int) -> bytes:
    descriptor = os.open(NEXT_TIMER, _REGULAR_FILE, dir_fd=state)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            return b""
        return os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)


def _moment(content: bytes) -> datetime | None:
    milliseconds = json.loads(content)
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
