"""Named places where a test may have the process killed.

"Crash at any line" is only proven by dying at the lines that matter, between a write to the database and
the act it announces. With ``CLAWBOT_FAILPOINT=<name>`` in the environment the process sends itself SIGKILL
the moment that place is reached; with ``CLAWBOT_FAILPOINT=@<file>`` the name is what the file holds then, so that a
running process can be armed. Without it (always, outside tests) :func:`reach` does nothing.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

_ARMED = os.environ.get("CLAWBOT_FAILPOINT", "")


def reach(name: str) -> None:
    """Die here if the failpoint *name* is armed."""
    if _ARMED and name == _armed():
        os.kill(os.getpid(), signal.SIGKILL)


def _armed() -> str:
    if not _ARMED.startswith("@"):
        return _ARMED
    try:
        return Path(_ARMED[1:]).read_text()
    except FileNotFoundError:
        return ""
