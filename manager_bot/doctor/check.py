"""One finding of ``clawbot doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """``warn`` works, but not as well as it could; ``fail`` makes the exit status 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, what was found in one line, and the cure in one line (empty when nothing is wrong).

    ``commands`` are lines to be typed by hand where the cure is a list of commands.
    """

    name: str
    verdict: Verdict
    line: str
    cure: str = ""
    commands: tuple[str, ...] = ()


def ok(name: str, line: str) -> Check:
    """It stands."""
    return Check(name, Verdict.OK, line)


def warn(name: str, line: str, cure: str) -> Check:
    """It could be better."""
    return Check(name, Verdict.WARN, line, cure)


def fail(name: str, line: str, cure: str, commands: tuple[str, ...] = ()) -> Check:
    """It does not stand."""
    return Check(name, Verdict.FAIL, line, cure, commands)
