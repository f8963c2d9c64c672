"""Named places where a test may have the process killed.

"Crash at any line" is only proven by dying at the lines that matter, between a write to the database and
the act it announces. With ``CLAWBOT_FAILPOINT=<name>`` in the environment the process sends itself SIGKILL
the moment that place is reached; without it (always, outside tests) :func:`reach` does nothing.
"""

from __future__ import annotations

import os
import signal

_ARMED = os.environ.get("CLAWBOT_FAILPOINT", "")


def reach(name: str) -> None:
    """Die here if the failpoint *name* is armed."""
    if name == _ARMED:
        os.kill(os.getpid(), signal.SIGKILL)
