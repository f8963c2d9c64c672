"""What the keeper did and found, written down and told: events by severity (the seed's table), incidents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from manager_bot.clock import Clock
from manager_bot.errors import RuntimeUnavailable
from manager_bot.failpoints import reach
from manager_bot.plans import plan_of
from manager_bot.redaction import redact
from manager_bot.runtime.base import ContainerState, Runtime, RuntimeRefused
from manager_bot.services.incidents import Finding, Incidents
from manager_bot.watchdog.intent import intended
from manager_bot.watchdog.policy import Act, Decision, View, classify_end
from manager_bot.watchdog.rows import save
from models import (
    Agent,
    Cause,
    ContainerEventRow,
    ContainerStatus,
    DesiredState,
    Rest,
    Severity,
    Stage,
    Trouble,
)

_LOG_LINES = 20
_MIB = 1024 * 1024
_EVENTS = {
    Trouble.UNHEALTHY: "health_failed",
    Trouble.DEAF: "deaf",
    Trouble.START_FAILED: "start_failed",
    Trouble.TOKEN_REVOKED: "token_revoked",
    Trouble.POLLED_ELSEWHERE: "polled_elsewhere",
}


@dataclass(frozen=True, slots=True)
class Chronicle:
    """What is known of agents, in their rows, as container events and as incidents."""

    runtime: Runtime
    incidents: Incidents
    clock: Clock

    async def event(self, agent: Agent, kind: str, severity: Severity, details: str = "") -> None:
        """One line of the agent's history."""
        await ContainerEventRow.create(
            user_id=agent.user_id,
            agent_id=agent.id,
            container_id=agent.container_id,
            event_type=kind,
            severity=severity.value,
            details=redact(details) or None,
            created_at=self.clock.now(),
        )

    async def report(
        self,
        agent: Agent,
        state: ContainerState | None,
        decision: Decision,
        *,
        cause: Trouble | None = None,
        detail: str = "",
    ) -> None:
        """Something is wrong: an event, and an incident that opens or develops."""
        gave_up = decision.act in (Act.GIVE_UP, Act.GIVE_UP_AND_STOP)
        trouble = cause or decision.trouble or Trouble.CRASHED
        if trouble is Trouble.GAVE_UP:
            trouble = Trouble.START_FAILED if detail else Trouble.UNHEALTHY
        plan = plan_of(str(agent.user.plan))
        keeps_failing = plan.max_attempts is None and decision.attempts >= plan.alert_at
        severity = Severity.CRITICAL if gave_up or keeps_failing else Severity.WARNING
        reached = gave_up or (keeps_failing and decision.attempts == plan.alert_at)
        await self.event(agent, _event_name(trouble, reached=reached), severity, detail or _described(state))
        await self.incidents.report(
            Finding(
                cause=Cause(trouble.value),
                severity=severity,
                attempts=decision.attempts,
                max_attempts=plan.max_attempts,
                next_attempt_at=decision.next_attempt_at,
                exit_code=state.exit_code if state else None,
                memory_mb=await self._memory_mb(agent, state),
                log_tail=detail or await self._tail(agent),
                gave_up=gave_up,
            ),
            agent,
        )

    async def trouble(
        self, agent: Agent, state: ContainerState | None, view: View, decision: Decision, detail: str = ""
    ) -> None:
        """Save what is wrong before anything is done about it, then tell those whom it concerns."""
        down = state is None or state.status is not ContainerStatus.RUNNING
        changes: dict[str, Any] = {
            "trouble": decision.trouble,
            "restart_count": decision.attempts,
            "next_attempt_at": decision.next_attempt_at,
            "container_status": state.status if state else ContainerStatus.MISSING,
        }
        if down:
            ended = state.finished_at if state else None
            changes |= {"last_end_at": ended, "healthy_since": None, "stage": Stage.QUEUED}
        if decision.act is Act.GIVE_UP_AND_STOP:
            changes["desired_state"] = DesiredState.STOPPED
        await save(agent, **changes)
        reach("keeper.counted")
        cause = classify_end(view) if down and not detail else None
        await self.report(agent, state, decision, cause=cause, detail=detail)

    async def settle(self, agent: Agent, state: ContainerState | None, decision: Decision) -> None:
        """Nothing to do: save what was seen, and that the wish is granted."""
        changes: dict[str, Any] = {
            "container_status": state.status if state else ContainerStatus.MISSING,
            "container_id": state.container_id if state else None,
        }
        if decision.act is Act.NOTHING:
            changes["wish_done"] = agent.wish
        stopped = intended(agent) is DesiredState.STOPPED
        resting = stopped and agent.trouble is not Trouble.GAVE_UP
        if stopped:
            changes |= {"stage": Stage.QUEUED, "next_attempt_at": None, "healthy_since": None, "rest": Rest.AWAKE}
        if resting:
            changes["trouble"] = None
        was_open = resting and agent.wish > agent.wish_done
        await save(agent, **changes)
        if was_open:
            await self.recovered(agent)

    async def recovered(self, agent: Agent) -> None:
        """It is well (or meant to be down): close what was open about it."""
        await self.incidents.close_agent(agent)

    async def _tail(self, agent: Agent) -> str | None:
        try:
            return redact(await self.runtime.logs(agent.id, _LOG_LINES)) or None
        except (RuntimeRefused, RuntimeUnavailable):
            return None

    async def _memory_mb(self, agent: Agent, state: ContainerState | None) -> int | None:
        if state is None or state.status is not ContainerStatus.RUNNING:
            return None
        use = await self.runtime.memory(agent.id)
        return use.used // _MIB if use else None


def _event_name(trouble: Trouble, *, reached: bool) -> str:
    return "max_restarts" if reached else _EVENTS.get(trouble, "stopped")


def _described(state: ContainerState | None) -> str:
    if state is None:
        return "container gone"
    memory = ", out of memory" if state.oom_killed else ""
    return f"exit code {state.exit_code}{memory}" if state.exit_code is not None else state.status.value
