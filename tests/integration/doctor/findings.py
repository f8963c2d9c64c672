"""How the tests of ``doctor`` look at what it found."""

from __future__ import annotations

from collections.abc import Sequence

from manager_bot.config import Settings
from manager_bot.doctor import Check, Verdict


def by_name(checks: Sequence[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def assert_fails(check: Check, line: str, cure: str) -> None:
    assert (check.verdict, check.line) == (Verdict.FAIL, line)
    assert cure in check.cure


def changed(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)
