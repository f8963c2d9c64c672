"""Who is warned and who is stopped for the disk's sake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manager_bot.jobs.disk import HOST_NEEDS_MB, DiskJudgement, DiskUse, judge

NOTHING, WARN, STOP = DiskJudgement.NOTHING, DiskJudgement.WARN, DiskJudgement.STOP
PLENTY, SHORT = HOST_NEEDS_MB, HOST_NEEDS_MB - 1


@pytest.mark.parametrize(
    ("used_mb", "is_running", "judgement"),
    [
        (0, True, NOTHING),
        (899, True, NOTHING),
        (900, True, WARN),
        (999, True, WARN),
        (1000, True, STOP),
        (5000, True, STOP),
        (5000, False, NOTHING),
    ],
)
def test_an_agent_against_its_share(used_mb: int, is_running: bool, judgement: DiskJudgement):
    assert judge([DiskUse(1, used_mb, 1000, is_running)], PLENTY) == {1: judgement}


def test_a_host_short_of_space_stops_the_running_agent_nearest_to_its_share():
    uses = [DiskUse(1, 500, 1000, True), DiskUse(2, 3000, 5000, True), DiskUse(3, 900, 1000, False)]
    assert judge(uses, SHORT) == {1: NOTHING, 2: STOP, 3: NOTHING}
    assert judge(uses, PLENTY) == {1: NOTHING, 2: NOTHING, 3: NOTHING}


def test_a_host_short_of_space_with_nobody_running_stops_nobody():
    assert judge([DiskUse(1, 500, 1000, False)], SHORT) == {1: NOTHING}
    assert judge([], SHORT) == {}


uses = st.lists(
    st.builds(DiskUse, st.integers(1, 50), st.integers(0, 10**5), st.sampled_from([1024, 5120, 20480]), st.booleans()),
    unique_by=lambda use: use.agent_id,
)


@given(uses, st.integers(0, 10**6))
def test_only_running_agents_are_stopped_and_every_full_one_is(found: list[DiskUse], free_mb: int):
    judged = judge(found, free_mb)
    assert judged.keys() == {use.agent_id for use in found}
    stopped = [use for use in found if judged[use.agent_id] is STOP]
    assert all(use.is_running for use in stopped)
    assert all(use in stopped for use in found if use.is_running and use.used_mb >= use.share_mb)
    below = [use for use in stopped if use.used_mb < use.share_mb]
    assert len(below) <= (1 if free_mb < HOST_NEEDS_MB else 0)
