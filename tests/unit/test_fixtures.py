"""The fixtures' own teeth: a guard that never bites guards nothing."""

from __future__ import annotations

import time

import pytest
from fixtures.blocking import BlockingCall

from manager_bot.openclaw.files import AgentFiles


async def test_a_blocking_call_of_ours_in_the_loop_is_caught(tmp_path):
    with pytest.raises(BlockingCall, match=r"manager_bot/openclaw/files\.py"):
        AgentFiles.below(tmp_path).used_mb("1")


def test_outside_the_loop_it_may_block(tmp_path):
    files = AgentFiles.below(tmp_path)
    files.data.mkdir()
    assert files.used_mb("1") == 0


async def test_a_test_itself_may_block():
    time.sleep(0.001)  # noqa: ASYNC251 - the point
