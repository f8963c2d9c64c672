"""What OpenClaw's health answers and exit codes mean."""

from __future__ import annotations

import pytest

from manager_bot.openclaw.exits import Exit, exit_of
from manager_bot.openclaw.health import UNREACHABLE, Health, parse_live, parse_ready


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        (200, b'{"ready":true}', Health(live=True, ready=True)),
        (503, b'{"ready":false}', Health(live=True, ready=False)),
        (503, b'{"ready":false,"failing":["telegram"]}', Health(live=True, ready=False, failing=("telegram",))),
        (200, b'{"ready":false}', Health(live=True, ready=False)),
        (503, b'{"ready":true}', Health(live=True, ready=False)),
        (200, b"<html>It works!</html>", UNREACHABLE),
        (200, b'{"ok":true}', UNREACHABLE),
        (502, b'{"ready":true}', UNREACHABLE),
        (200, b"[]", UNREACHABLE),
        (200, b"\xff", UNREACHABLE),
        (200, b"", UNREACHABLE),
    ],
)
def test_ready_answers(status: int, body: bytes, meant: Health) -> None:
    assert parse_ready(status, body) == meant


def test_live_answers() -> None:
    assert parse_live(200, b'{"ok":true,"status":"live"}')
    assert not parse_live(503, b'{"ok":true}')
    assert not parse_live(200, b"ok")


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        (0, Exit.CLEAN),
        (1, Exit.CRASH),
        (78, Exit.BAD_CONFIG),
        (127, Exit.NOT_STARTABLE),
        (134, Exit.CRASH),
        (137, Exit.KILLED),
        (143, Exit.TERMINATED),
        (255, Exit.CRASH),
    ],
)
def test_exit_codes(code: int, meant: Exit) -> None:
    assert exit_of(code) is meant
