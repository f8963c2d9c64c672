"""Why an OpenClaw process ended, from its exit code."""

from __future__ import annotations

from enum import StrEnum


class Exit(StrEnum):
    """The closed list of endings the watchdog tells apart."""

    CLEAN = "clean"
    """0: asked to stop, or restarting itself."""
    BAD_CONFIG = "bad_config"
    """78 (EX_CONFIG of sysexits.h): the config was refused; another try would end the same way."""
    KILLED = "killed"
    """137: SIGKILL, by the kernel for memory (see the container's OOM flag), by Docker, or by hand."""
    TERMINATED = "terminated"
    """130, 143: SIGINT or SIGTERM that it did not turn into a clean exit."""
    NOT_STARTABLE = "not_startable"
    """125-127: the engine or the image could not run the command at all."""
    CRASH = "crash"
    """Everything else: an uncaught error (1), an abort (134, Node out of heap), a segmentation fault (139)."""


_KNOWN = {
    0: Exit.CLEAN,
    78: Exit.BAD_CONFIG,
    125: Exit.NOT_STARTABLE,
    126: Exit.NOT_STARTABLE,
    127: Exit.NOT_STARTABLE,
    130: Exit.TERMINATED,
    137: Exit.KILLED,
    143: Exit.TERMINATED,
}


def exit_of(code: int) -> Exit:
    """The ending that *code* stands for."""
    return _KNOWN.get(code, Exit.CRASH)
