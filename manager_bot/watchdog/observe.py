"""Gathering the view a decision is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from manager_bot.clock import Clock
from manager_bot.openclaw.exits import Exit, exit_of
from manager_bot.plans import plan_of
from manager_bot.runtime.base import ContainerState
from manager_bot.watchdog.intent import intended
from manager_bot.watchdog.policy import RENEWAL, View
from manager_bot.watchdog.ports import SpecBuilder
from models import Agent, ContainerEventRow, ContainerStatus, Stage, Trouble

DEAF_RESTART = "deaf_restart"


@dataclass(slots=True)
class Health:
    """What the health port said lately; lives in memory, a new process asks anew."""

    ready: bool = False
    misses: int = 0
    revoked_at: datetime | None = None
    """When the Telegram door's word about a dead token was first read."""


@dataclass(frozen=True, slots=True)
class Known:
    """What neither the row nor the engine says: health, whether the spec is the one wished for, a way back."""

    health: Health
    spec_current: bool = True
    can_restore_config: bool = False
    forgiven: bool = False


def went_down_with_host(state: ContainerState | None, booted_at: datetime | None) -> bool:
    """Whether it was started before the host itself came up, and so cannot have ended by itself since."""
    return bool(state and state.started_at and booted_at and state.started_at < booted_at)


async def can_step_back(specs: SpecBuilder, agent: Agent, state: ContainerState | None) -> bool:
    """Whether a refused config may be exchanged for the last good one; asked only where one was refused."""
    refused = state is not None and state.exit_code is not None and exit_of(state.exit_code) is Exit.BAD_CONFIG
    return refused and await specs.can_step_back(agent)


async def view_of(agent: Agent, state: ContainerState | None, known: Known, clock: Clock) -> View:
    """Everything known of *agent*, whose row was fetched with its user."""
    return View(
        plan=plan_of(str(agent.user.plan)),
        desired=intended(agent),
        wish_pending=agent.wish > agent.wish_done,
        rest=agent.rest,
        status=state.status if state else ContainerStatus.MISSING,
        was_running=agent.container_status is ContainerStatus.RUNNING,
        spec_current=known.spec_current,
        exit_code=state.exit_code if state else None,
        oom_killed=bool(state and state.oom_killed),
        ended_at=state.finished_at if state else None,
        counted_end_at=agent.last_end_at,
        ran_for=_ran_for(state),
        started_at=agent.started_at,
        restart_asked_at=agent.restart_asked_at,
        connected=agent.stage is Stage.CONNECTED,
        ready=known.health.ready,
        misses=known.health.misses,
        healthy_since=agent.healthy_since,
        last_poll_at=agent.last_poll_at,
        waiting_since=agent.waiting_since,
        updates_waiting=agent.updates_waiting,
        deaf_restarts=await _deaf_restarts(agent, clock.now()) if agent.updates_waiting else 0,
        door_trouble=agent.door_trouble,
        renewing=_renewing(agent, known.health, clock.now()),
        trouble=agent.trouble,
        attempts=agent.restart_count,
        next_attempt_at=agent.next_attempt_at,
        can_restore_config=known.can_restore_config,
        forgiven=known.forgiven,
    )


def _renewing(agent: Agent, health: Health, now: datetime) -> bool:
    if not agent.is_managed or agent.door_trouble is not Trouble.TOKEN_REVOKED:
        health.revoked_at = None
        return False
    health.revoked_at = health.revoked_at or now
    return now - health.revoked_at < RENEWAL


def _ran_for(state: ContainerState | None) -> timedelta | None:
    """How long it ran, by Docker's own times."""
    if state is None or state.started_at is None or state.finished_at is None:
        return None
    return max(state.finished_at - state.started_at, timedelta())


async def _deaf_restarts(agent: Agent, now: datetime) -> int:
    since = now - timedelta(hours=1)
    return await ContainerEventRow.filter(agent_id=agent.id, event_type=DEAF_RESTART, created_at__gte=since).count()
