"""What to do about one agent, as a pure function of what is known of it (source: DESIGN 7, the seed's tables)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from manager_bot.openclaw.exits import Exit, exit_of
from manager_bot.plans import AtMaxAttempts, Plan
from models import ContainerStatus, DesiredState, Rest, Trouble

BACKOFF = tuple(timedelta(seconds=s) for s in (0, 10, 30, 90, 300, 900, 1800))
JITTER = 0.2
LONGEST_PAUSE = BACKOFF[-1] * (1 + JITTER)
"""An attempt further away than this was planned before the clock was set back: it is due."""
EARLY = timedelta(seconds=60)
"""A clean exit this soon after its start counts as an attempt."""
HEALTHY_RESET = timedelta(minutes=10)
START_GRACE = timedelta(seconds=120)
MISSES = 3
DEAF_AFTER = timedelta(seconds=30)
DEAF_RESTARTS_AN_HOUR = 2
RENEWAL = timedelta(seconds=20)
"""How long a managed bot's token may take to be fetched again before its owner is asked."""

_DOWN = (
    ContainerStatus.MISSING,
    ContainerStatus.CREATED,
    ContainerStatus.EXITED,
    ContainerStatus.DEAD,
    ContainerStatus.RESTARTING,
)
_DOOR_TROUBLES = (Trouble.TOKEN_REVOKED, Trouble.POLLED_ELSEWHERE)
_HOPELESS = (Trouble.GAVE_UP, Trouble.BAD_CONFIG)


class Act(StrEnum):
    """What the keeper shall do, once; afterwards it looks again."""

    NOTHING = "nothing"
    WAIT = "wait"
    START = "start"
    RESTART = "restart"
    STOP = "stop"
    BURY = "bury"
    COUNT = "count"
    """Save that a failure was counted and when the next attempt is due; touch no container."""
    GIVE_UP = "give_up"
    GIVE_UP_AND_STOP = "give_up_and_stop"
    RESTORE_CONFIG = "restore_config"
    HOLD = "hold"
    """Save the trouble; a restart would not help."""
    CONNECT = "connect"
    RESET = "reset"
    """Forget the attempts: it was healthy long enough."""
    SLEEP = "sleep"
    """The door watches in its place: freeze or stop it."""
    WAKE = "wake"
    """Thaw it."""
    UP = "up"
    """Save that it does not sleep: it runs, or is to be treated like any other that should."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything the decision depends on; moments on our clock, but ``ended_at`` and ``counted_end_at`` on Docker's."""

    plan: Plan
    desired: DesiredState = DesiredState.RUNNING
    wish_pending: bool = False
    rest: Rest = Rest.AWAKE
    status: ContainerStatus = ContainerStatus.MISSING
    was_running: bool = False
    spec_current: bool = True
    exit_code: int | None = None
    oom_killed: bool = False
    ended_at: datetime | None = None
    counted_end_at: datetime | None = None
    ran_for: timedelta | None = None
    started_at: datetime | None = None
    restart_asked_at: datetime | None = None
    connected: bool = False
    ready: bool = False
    misses: int = 0
    healthy_since: datetime | None = None
    last_poll_at: datetime | None = None
    waiting_since: datetime | None = None
    updates_waiting: int = 0
    deaf_restarts: int = 0
    door_trouble: Trouble | None = None
    renewing: bool = False
    """A managed bot's token is being fetched again: nobody is told before that had its chance."""
    trouble: Trouble | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    can_restore_config: bool = False
    forgiven: bool = False
    """The host or the engine went down with it: its end is nobody's failed attempt."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One act and what to save with it."""

    act: Act
    trouble: Trouble | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None


def backoff(attempt: int, jitter: float) -> timedelta:
    """The pause before the *attempt*-th restart (from 1); *jitter* is a random number in [-1, 1]."""
    step = BACKOFF[min(max(attempt, 1), len(BACKOFF)) - 1]
    return step * (1 + JITTER * max(-1.0, min(1.0, jitter)))


def decide(view: View, now: datetime, jitter: float = 0.0) -> Decision:  # noqa: PLR0911 - a table, read from the top
    """The one next act for an agent."""
    if view.desired is DesiredState.REMOVED:
        return Decision(Act.BURY)
    if view.desired is DesiredState.STOPPED:
        up = view.status in (ContainerStatus.RUNNING, ContainerStatus.PAUSED, ContainerStatus.RESTARTING)
        return _keep(view, Act.STOP if up else Act.NOTHING)
    if view.status is ContainerStatus.REMOVING:
        return _keep(view, Act.WAIT)
    if view.rest in (Rest.HELD, Rest.ASLEEP, Rest.WAKING):
        return _resting(view)
    if view.status is ContainerStatus.PAUSED:
        return _keep(view, Act.WAKE)
    if view.status in _DOWN:
        return _down(view, now, jitter)
    return _running(view, now, jitter)


def failed_to_start(view: View, now: datetime, jitter: float = 0.0) -> Decision:
    """The engine refused to create or start the container (a port taken, an image missing)."""
    return _count(view, now, jitter, Trouble.START_FAILED, pause_at_least=BACKOFF[1])


def classify_end(view: View) -> Trouble | None:
    """Why it went down; nothing for a clean exit that may be forgiven."""
    if view.status is ContainerStatus.MISSING or view.exit_code is None:
        return Trouble.CRASHED
    if view.oom_killed:
        return Trouble.OUT_OF_MEMORY
    ending = exit_of(view.exit_code)
    if ending is Exit.BAD_CONFIG:
        return Trouble.BAD_CONFIG
    if ending is Exit.NOT_STARTABLE:
        return Trouble.START_FAILED
    early = view.ran_for is None or view.ran_for < EARLY
    return None if ending is Exit.CLEAN and not early else Trouble.CRASHED


def is_due(attempt_at: datetime, now: datetime) -> bool:
    """Whether an attempt planned for *attempt_at* is to be made."""
    return not now < attempt_at <= now + LONGEST_PAUSE


def is_deaf(view: View, now: datetime) -> bool:
    """Healthy, but not polling while updates wait."""
    if not view.updates_waiting or view.waiting_since is None or view.misses:
        return False
    heard = view.last_poll_at is not None and now - view.last_poll_at < DEAF_AFTER
    return not heard and now - view.waiting_since >= DEAF_AFTER and _past_grace(view, now)


def _resting(view: View) -> Decision:
    """An agent that sleeps, falls asleep or is wanted again; a wish that came meanwhile is looked at awake.

    One that went down in its sleep, with its host or by anybody's doing, is started when it is wanted.
    """
    paused, running = view.status is ContainerStatus.PAUSED, view.status is ContainerStatus.RUNNING
    if view.rest is Rest.WAKING or view.wish_pending:
        return _keep(view, Act.WAKE if paused else Act.UP if running else Act.START)
    if view.rest is Rest.HELD:
        return _keep(view, Act.SLEEP)
    if running:
        return _keep(view, Act.UP)
    if view.door_trouble in _DOOR_TROUBLES:
        return _door(view, view.door_trouble)
    return _keep(view, Act.NOTHING)


def _door(view: View, trouble: Trouble) -> Decision:
    """What the Telegram door met with; no restart helps."""
    if view.renewing:
        return _keep(view, Act.WAIT)
    return _keep(view, Act.NOTHING if view.trouble is trouble else Act.HOLD, trouble=trouble)


def _down(view: View, now: datetime, jitter: float) -> Decision:  # noqa: PLR0911 - a table, read from the top
    if view.wish_pending:
        return Decision(Act.START)
    if view.trouble in _HOPELESS or view.door_trouble in _DOOR_TROUBLES:
        return _keep(view, Act.NOTHING)
    if view.next_attempt_at is not None:
        return _keep(view, Act.START if is_due(view.next_attempt_at, now) else Act.WAIT)
    if not _is_news(view):
        return _keep(view, Act.START)
    trouble = classify_end(view)
    if trouble is Trouble.BAD_CONFIG:
        return Decision(Act.RESTORE_CONFIG if view.can_restore_config else Act.HOLD, trouble, view.attempts)
    if trouble is None or view.forgiven:
        return _keep(view, Act.START)
    return _count(view, now, jitter, trouble)


def _running(view: View, now: datetime, jitter: float) -> Decision:  # noqa: PLR0911 - a table, read from the top
    asked = view.restart_asked_at is not None and (view.started_at is None or view.started_at < view.restart_asked_at)
    if asked or not view.spec_current:
        return _keep(view, Act.RESTART)
    if view.door_trouble in _DOOR_TROUBLES:
        return _door(view, view.door_trouble)
    if view.misses >= MISSES and _past_grace(view, now):
        return _unhealthy(view, now, jitter)
    if is_deaf(view, now):
        allowed = view.deaf_restarts < DEAF_RESTARTS_AN_HOUR
        same = view.trouble is Trouble.DEAF
        return _keep(view, Act.RESTART if allowed else Act.NOTHING if same else Act.HOLD, trouble=Trouble.DEAF)
    polled = view.last_poll_at is not None and view.started_at is not None and view.last_poll_at >= view.started_at
    if view.ready and polled and (not view.connected or view.trouble is not None):
        return Decision(Act.CONNECT, None, view.attempts)
    if view.attempts and view.healthy_since is not None and now - view.healthy_since >= HEALTHY_RESET:
        return Decision(Act.RESET)
    return _keep(view, Act.NOTHING)


def _unhealthy(view: View, now: datetime, jitter: float) -> Decision:
    if view.trouble is Trouble.GAVE_UP:
        return _keep(view, Act.NOTHING)
    if view.next_attempt_at is not None:
        return _keep(view, Act.RESTART if is_due(view.next_attempt_at, now) else Act.WAIT)
    return _count(view, now, jitter, Trouble.UNHEALTHY)


def _count(
    view: View, now: datetime, jitter: float, trouble: Trouble, pause_at_least: timedelta = timedelta()
) -> Decision:
    """One more attempt, or the end of them."""
    most = view.plan.max_attempts
    if most is not None and view.attempts >= most:
        stop = view.plan.at_max_attempts is AtMaxAttempts.STOP
        return Decision(Act.GIVE_UP_AND_STOP if stop else Act.GIVE_UP, Trouble.GAVE_UP, view.attempts)
    attempts = view.attempts + 1
    return Decision(Act.COUNT, trouble, attempts, now + max(backoff(attempts, jitter), pause_at_least))


def _is_news(view: View) -> bool:
    """Whether this going down was not counted yet."""
    if view.status is ContainerStatus.MISSING:
        return view.was_running
    return view.ended_at is not None and view.ended_at != view.counted_end_at


def _past_grace(view: View, now: datetime) -> bool:
    return view.connected or (view.started_at is not None and now - view.started_at >= START_GRACE)


def _keep(view: View, act: Act, *, trouble: Trouble | None = None) -> Decision:
    return Decision(act, trouble or view.trouble, view.attempts, view.next_attempt_at)
