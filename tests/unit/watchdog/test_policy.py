# ruff: noqa: E501 - a table is read across
"""The policy, row by row, and what must hold whatever happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manager_bot.plans import PLANS, PlanName
from manager_bot.watchdog.policy import Act, View, backoff, decide, failed_to_start
from models import ContainerStatus, DesiredState, Rest, Trouble

NOW = datetime(2026, 9, 6, 12, tzinfo=UTC)
FREE, STARTER, PRO = (PLANS[name] for name in (PlanName.FREE, PlanName.STARTER, PlanName.PRO))
LONG_AGO = NOW - timedelta(hours=1)

RUNNING = View(
    STARTER, status=ContainerStatus.RUNNING, was_running=True, started_at=LONG_AGO, connected=True, ready=True,
    last_poll_at=NOW, healthy_since=LONG_AGO,
)  # fmt: skip
DEAD = View(
    STARTER, status=ContainerStatus.EXITED, was_running=True, exit_code=1, ended_at=NOW, ran_for=timedelta(hours=1),
    started_at=LONG_AGO,
)  # fmt: skip
SOON, NEXT = timedelta(seconds=5), timedelta(seconds=-5)

ROWS: list[tuple[str, View, Act, Trouble | None]] = [
    ("healthy: nothing", RUNNING, Act.NOTHING, None),
    ("intended stop, down: nothing", replace(DEAD, desired=DesiredState.STOPPED), Act.NOTHING, None),
    ("intended stop, still up: stop", replace(RUNNING, desired=DesiredState.STOPPED), Act.STOP, None),
    ("intended stop, frozen: stop", replace(RUNNING, desired=DesiredState.STOPPED, status=ContainerStatus.PAUSED), Act.STOP, None),
    ("to be removed: bury", replace(RUNNING, desired=DesiredState.REMOVED), Act.BURY, None),
    ("never made: start", View(STARTER), Act.START, None),
    ("wished for while down: start", replace(DEAD, wish_pending=True, trouble=Trouble.GAVE_UP), Act.START, None),
    ("exit 0 late: start now", replace(DEAD, exit_code=0), Act.START, None),
    ("exit 0 within a minute: an attempt", replace(DEAD, exit_code=0, ran_for=timedelta(seconds=9)), Act.COUNT, Trouble.CRASHED),
    ("crash: an attempt", DEAD, Act.COUNT, Trouble.CRASHED),
    ("killed behind our back: an attempt", replace(DEAD, exit_code=137), Act.COUNT, Trouble.CRASHED),
    ("out of memory: an attempt", replace(DEAD, exit_code=137, oom_killed=True), Act.COUNT, Trouble.OUT_OF_MEMORY),
    ("counted, not due: wait", replace(DEAD, counted_end_at=NOW, next_attempt_at=NOW + SOON), Act.WAIT, None),
    ("counted, then the clock was set back: start", replace(DEAD, counted_end_at=NOW, next_attempt_at=NOW + timedelta(hours=1)), Act.START, None),
    ("counted, due: start", replace(DEAD, counted_end_at=NOW, next_attempt_at=NOW), Act.START, None),
    ("counted, then the manager died: start", replace(DEAD, counted_end_at=NOW), Act.START, None),
    ("bad config: hold", replace(DEAD, exit_code=78), Act.HOLD, Trouble.BAD_CONFIG),
    ("bad config with a good one kept: restore", replace(DEAD, exit_code=78, can_restore_config=True), Act.RESTORE_CONFIG, Trouble.BAD_CONFIG),
    ("bad config held: no loop", replace(DEAD, exit_code=78, trouble=Trouble.BAD_CONFIG), Act.NOTHING, Trouble.BAD_CONFIG),
    ("token revoked, running: hold", replace(RUNNING, door_trouble=Trouble.TOKEN_REVOKED), Act.HOLD, Trouble.TOKEN_REVOKED),
    ("token revoked, being fetched again: wait", replace(RUNNING, door_trouble=Trouble.TOKEN_REVOKED, renewing=True), Act.WAIT, None),
    ("token revoked, known: nothing", replace(RUNNING, door_trouble=Trouble.TOKEN_REVOKED, trouble=Trouble.TOKEN_REVOKED), Act.NOTHING, Trouble.TOKEN_REVOKED),
    ("token revoked, down: no restart", replace(DEAD, door_trouble=Trouble.TOKEN_REVOKED), Act.NOTHING, None),
    ("polled elsewhere: hold", replace(RUNNING, door_trouble=Trouble.POLLED_ELSEWHERE), Act.HOLD, Trouble.POLLED_ELSEWHERE),
    ("polled elsewhere no more: connected", replace(RUNNING, trouble=Trouble.POLLED_ELSEWHERE), Act.CONNECT, None),
    ("deaf: restart", replace(RUNNING, updates_waiting=1, waiting_since=NOW - timedelta(seconds=31), last_poll_at=LONG_AGO), Act.RESTART, Trouble.DEAF),
    ("deaf a third time this hour: hold", replace(RUNNING, updates_waiting=1, waiting_since=LONG_AGO, last_poll_at=LONG_AGO, deaf_restarts=2), Act.HOLD, Trouble.DEAF),
    ("updates wait, but it polls: nothing", replace(RUNNING, updates_waiting=1, waiting_since=LONG_AGO), Act.NOTHING, None),
    ("three misses: an attempt", replace(RUNNING, misses=3, ready=False), Act.COUNT, Trouble.UNHEALTHY),
    ("three misses, due: restart", replace(RUNNING, misses=3, ready=False, next_attempt_at=NOW), Act.RESTART, None),
    ("two misses: nothing", replace(RUNNING, misses=2, ready=False), Act.NOTHING, None),
    ("three misses in the start grace: nothing", replace(RUNNING, misses=3, ready=False, connected=False, started_at=NOW - timedelta(seconds=119)), Act.NOTHING, None),
    ("gone: an attempt", View(STARTER, was_running=True), Act.COUNT, Trouble.CRASHED),
    ("gone with the engine: start, no attempt", View(STARTER, was_running=True, forgiven=True), Act.START, None),
    ("down with the engine: start, no attempt", replace(DEAD, forgiven=True), Act.START, None),
    ("frozen behind our back: thaw", replace(RUNNING, status=ContainerStatus.PAUSED), Act.WAKE, None),
    ("being removed: wait", replace(RUNNING, status=ContainerStatus.REMOVING), Act.WAIT, None),
    ("ready, not polling: not connected", replace(RUNNING, connected=False, last_poll_at=None), Act.NOTHING, None),
    ("polled before this start: not connected", replace(RUNNING, connected=False, last_poll_at=LONG_AGO - SOON), Act.NOTHING, None),
    ("ready and polling: connected", replace(RUNNING, connected=False), Act.CONNECT, None),
    ("ten healthy minutes: reset", replace(RUNNING, attempts=2, healthy_since=NOW - timedelta(minutes=10)), Act.RESET, None),
    ("nine healthy minutes: keep counting", replace(RUNNING, attempts=2, healthy_since=NOW - timedelta(minutes=9)), Act.NOTHING, None),
    ("restart asked after this start: restart", replace(RUNNING, restart_asked_at=NOW), Act.RESTART, None),
    ("restart asked before this start: nothing", replace(RUNNING, restart_asked_at=LONG_AGO - SOON), Act.NOTHING, None),
    ("another spec: restart", replace(RUNNING, spec_current=False), Act.RESTART, None),
    ("drowsy: as if awake", replace(RUNNING, rest=Rest.DROWSY), Act.NOTHING, None),
    ("held: to sleep", replace(RUNNING, rest=Rest.HELD), Act.SLEEP, None),
    ("held, frozen already: to sleep", replace(RUNNING, rest=Rest.HELD, status=ContainerStatus.PAUSED), Act.SLEEP, None),
    ("held, stopped already: to sleep", replace(DEAD, rest=Rest.HELD), Act.SLEEP, None),
    ("asleep, frozen: nothing", replace(RUNNING, rest=Rest.ASLEEP, status=ContainerStatus.PAUSED), Act.NOTHING, None),
    ("asleep, stopped or gone with its host: nothing", replace(DEAD, rest=Rest.ASLEEP), Act.NOTHING, None),
    ("asleep, but it runs: up", replace(RUNNING, rest=Rest.ASLEEP), Act.UP, None),
    ("asleep, token revoked: hold", replace(DEAD, rest=Rest.ASLEEP, door_trouble=Trouble.TOKEN_REVOKED), Act.HOLD, Trouble.TOKEN_REVOKED),
    ("asleep, something wished: wake", replace(RUNNING, rest=Rest.ASLEEP, status=ContainerStatus.PAUSED, wish_pending=True), Act.WAKE, None),
    ("asleep, stop wished: stop", replace(RUNNING, rest=Rest.ASLEEP, status=ContainerStatus.PAUSED, desired=DesiredState.STOPPED), Act.STOP, None),
    ("wanted, frozen: wake", replace(RUNNING, rest=Rest.WAKING, status=ContainerStatus.PAUSED), Act.WAKE, None),
    ("wanted, stopped: start, and no attempt", replace(DEAD, rest=Rest.WAKING), Act.START, None),
    ("wanted, thawed already: up", replace(RUNNING, rest=Rest.WAKING), Act.UP, None),
]  # fmt: skip


@pytest.mark.parametrize(("view", "act", "trouble"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_cause_table(view: View, act: Act, trouble: Trouble | None) -> None:
    decision = decide(view, NOW)
    assert (decision.act, decision.trouble) == (act, trouble)


def _deaths(plan: object, count: int) -> list[Act]:
    """What each of *count* crashes in a row leads to."""
    view, acts = replace(DEAD, plan=plan), []
    for number in range(count):
        decision = decide(replace(view, ended_at=NOW + timedelta(hours=number)), NOW)
        acts.append(decision.act)
        view = replace(view, attempts=decision.attempts)
        if decision.trouble is Trouble.GAVE_UP:
            view = replace(view, trouble=Trouble.GAVE_UP)
    return acts


def test_seed_free_3_attempts_then_stop() -> None:
    assert _deaths(FREE, 5) == [Act.COUNT] * 3 + [Act.GIVE_UP_AND_STOP, Act.NOTHING]


def test_seed_starter_3_attempts_then_alert() -> None:
    assert _deaths(STARTER, 5) == [Act.COUNT] * 3 + [Act.GIVE_UP, Act.NOTHING]


def test_seed_pro_unlimited() -> None:
    assert _deaths(PRO, 50) == [Act.COUNT] * 50


def test_the_first_restart_is_at_once_then_the_backoff_of_the_design() -> None:
    assert [backoff(n, 0).total_seconds() for n in range(1, 10)] == [0, 10, 30, 90, 300, 900, 1800, 1800, 1800]


def test_a_refused_start_is_never_tried_again_at_once() -> None:
    decision = failed_to_start(View(STARTER), NOW, -1)
    assert decision.next_attempt_at is not None
    assert decision.next_attempt_at >= NOW + timedelta(seconds=8)


MOMENTS = st.one_of(st.none(), st.integers(-7200, 7200).map(lambda s: NOW + timedelta(seconds=s)))
VIEWS = st.builds(
    View,
    plan=st.sampled_from([FREE, STARTER, PRO]),
    desired=st.sampled_from(DesiredState),
    wish_pending=st.booleans(),
    status=st.sampled_from(ContainerStatus),
    was_running=st.booleans(),
    spec_current=st.booleans(),
    exit_code=st.one_of(st.none(), st.sampled_from([0, 1, 78, 125, 137, 143])),
    oom_killed=st.booleans(),
    ended_at=MOMENTS,
    counted_end_at=MOMENTS,
    ran_for=st.one_of(st.none(), st.integers(0, 7200).map(lambda s: timedelta(seconds=s))),
    started_at=MOMENTS,
    restart_asked_at=MOMENTS,
    connected=st.booleans(),
    ready=st.booleans(),
    misses=st.integers(0, 5),
    healthy_since=MOMENTS,
    last_poll_at=MOMENTS,
    waiting_since=MOMENTS,
    updates_waiting=st.integers(0, 3),
    deaf_restarts=st.integers(0, 3),
    door_trouble=st.sampled_from([None, Trouble.TOKEN_REVOKED, Trouble.POLLED_ELSEWHERE]),
    renewing=st.booleans(),
    trouble=st.one_of(st.none(), st.sampled_from(Trouble)),
    attempts=st.integers(0, 6),
    next_attempt_at=MOMENTS,
    can_restore_config=st.booleans(),
    forgiven=st.booleans(),
)
JITTER = st.floats(-1, 1)


@given(VIEWS, JITTER)
def test_an_intended_stop_is_never_undone(view: View, jitter: float) -> None:
    act = decide(replace(view, desired=DesiredState.STOPPED), NOW, jitter).act
    assert act in (Act.NOTHING, Act.STOP)


@given(VIEWS, JITTER)
def test_a_running_container_is_never_started_a_second_time(view: View, jitter: float) -> None:
    assert decide(replace(view, status=ContainerStatus.RUNNING), NOW, jitter).act is not Act.START


@given(VIEWS, JITTER)
def test_attempts_never_exceed_the_plan(view: View, jitter: float) -> None:
    for decision in (decide(view, NOW, jitter), failed_to_start(view, NOW, jitter)):
        if decision.act is Act.COUNT and view.plan.max_attempts is not None:
            assert decision.attempts <= view.plan.max_attempts


@given(VIEWS, JITTER)
def test_who_gave_up_starts_only_when_somebody_wishes(view: View, jitter: float) -> None:
    down = replace(view, status=ContainerStatus.EXITED, trouble=Trouble.GAVE_UP, wish_pending=False)
    assert decide(down, NOW, jitter).act in (Act.NOTHING, Act.BURY)


@given(VIEWS, JITTER)
def test_nothing_starts_before_its_time(view: View, jitter: float) -> None:
    waiting = replace(
        view, next_attempt_at=NOW + timedelta(seconds=1), wish_pending=False, desired=DesiredState.RUNNING
    )
    if waiting.status in (ContainerStatus.EXITED, ContainerStatus.MISSING, ContainerStatus.DEAD):
        assert decide(waiting, NOW, jitter).act in (Act.WAIT, Act.NOTHING)


@given(st.integers(1, 40), JITTER, JITTER)
def test_backoff_is_monotone_until_its_cap_whatever_the_jitter(attempt: int, one: float, two: float) -> None:
    if attempt < 7:
        assert backoff(attempt, one) <= backoff(attempt + 1, two)
    assert timedelta(minutes=24) <= backoff(attempt + 7, one) <= timedelta(minutes=36)
