"""Problems with an opening and a closing time, and who is told of them: once, in one message that develops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from manager_bot.clock import Clock
from manager_bot.errors import IncidentOver, UserUnknown
from manager_bot.redaction import redact
from manager_bot.services.alerts import Alerts, subject_of
from manager_bot.services.audit import Actor, Audit
from manager_bot.services.outbox import NoticeKind, Outbox
from manager_bot.services.ports import Wakeup
from models import Agent, Cause, DesiredState, Incident, Notification, Severity, Trouble

MASS_WINDOW = timedelta(minutes=2)
MASS_AGENTS = 5
MASS_SHARE = 0.2
MASS_LEAST = 3
"""A fifth of a host counts as a mass failure only from this many agents on: on a host with two, one is no mass."""

RELAPSE = timedelta(minutes=10)
REMIND_AFTER = timedelta(minutes=30)
DOUBLE_TAP = timedelta(minutes=1)
"""Snoozed for so long already: pressed twice, or by two admins at once."""
_SEVERITIES = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was just seen of one problem. Memory in MiB; ``log_tail`` may still hold secrets."""

    cause: Cause
    severity: Severity = Severity.WARNING
    attempts: int = 0
    max_attempts: int | None = None
    next_attempt_at: datetime | None = None
    exit_code: int | None = None
    memory_mb: int | None = None
    log_tail: str | None = None
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class Incidents:
    """Opens, develops and closes incidents. At most one is open for an agent and cause, or for the host and cause."""

    clock: Clock
    outbox: Outbox
    audit: Audit
    wakeup: Wakeup

    @property
    def _alerts(self) -> Alerts:
        return Alerts(self.clock, self.outbox)

    async def report(self, finding: Finding, agent: Agent | None = None) -> Incident:
        """Open the incident, or let the open one develop; tells admins, and the owner where there is reason to."""
        async with in_transaction():
            incident, before = await self._record(finding, agent)
            if agent is None or not await self._part_of_mass(incident):
                if before is not None and incident.severity is Severity.CRITICAL and before is not incident.severity:
                    await self._alerts.grew_critical(incident)
                await self._alerts.tell_admins(incident)
            if agent is not None:
                await self._alerts.tell_owner(incident, agent, attempts=finding.attempts)
            return incident

    async def close(self, cause: Cause) -> None:
        """A problem of the host or the platform is over."""
        async with in_transaction():
            for incident in await Incident.filter(open_key=_key(None, cause)):
                await self._close(incident)

    async def close_agent(self, agent: Agent, *causes: Cause) -> None:
        """The agent is well again: close *causes* of it, or all of them."""
        async with in_transaction():
            still = Incident.filter(agent_id=agent.id, closed_at=None)
            for incident in await (still.filter(cause__in=causes) if causes else still):
                await self._close(incident)
                await self._alerts.over_for_owner(incident, agent)
            await self._close_mass()

    async def is_open(self, cause: Cause) -> bool:
        """Whether a problem of the host or the platform is known and not over."""
        return await Incident.exists(open_key=_key(None, cause))

    async def open_incidents(self) -> list[Incident]:
        """What is wrong right now, worst and newest first."""
        found = await Incident.filter(closed_at=None).order_by("-opened_at")
        return sorted(found, key=lambda one: _SEVERITIES.index(one.severity))

    async def owner_of(self, incident_id: int) -> int:
        """The id of the user whose agent it is about; raises :class:`UserUnknown`."""
        incident = await Incident.get_or_none(id=incident_id)
        if incident is None or incident.user_id is None:
            raise UserUnknown
        return incident.user_id

    async def acknowledge(self, incident_id: int, actor: Actor) -> int | None:
        """An admin has seen it; the first one stays on record, and is returned (a Telegram id).

        Raises :class:`IncidentOver`, as do the other acts.
        """
        async with in_transaction():
            incident = await self._open(incident_id)
            fresh = Incident.filter(id=incident_id, acknowledged_at=None, closed_at=None)
            if not await fresh.update(acknowledged_at=self.clock.now(), acknowledged_by=actor.telegram_id):
                return int(incident.acknowledged_by) if incident.acknowledged_by else None
            await self._recorded(incident_id, actor, "incident.acknowledge")
        return actor.telegram_id

    async def remind(self) -> None:
        """Tell again of what is critical and nobody took on: after half an hour, then at ever longer intervals."""
        now = self.clock.now()
        waiting = Incident.filter(closed_at=None, severity=Severity.CRITICAL, acknowledged_at=None)
        for incident in await waiting.filter(opened_at__lte=now - REMIND_AFTER):
            snoozed = incident.snoozed_until is not None and incident.snoozed_until > now
            if snoozed or not await Notification.exists(subject=subject_of(incident.id)):
                continue
            step = ((now - incident.opened_at) // REMIND_AFTER).bit_length()
            key, values = f"remind:{incident.id}:{step}", {"incident_id": incident.id}
            await self.outbox.post_admins(NoticeKind.INCIDENT_REMINDER, values, dedupe_key=key, urgent=True)

    async def snooze(self, incident_id: int, actor: Actor, period: timedelta) -> int | None:
        """Say no more about it for *period*, unless it becomes critical; returns who did so first."""
        until = self.clock.now() + period
        async with in_transaction():
            await self._open(incident_id)
            awake = Q(snoozed_until=None) | Q(snoozed_until__lt=until - DOUBLE_TAP)
            if not await Incident.filter(awake, id=incident_id, closed_at=None).update(snoozed_until=until):
                return await self.audit.latest("incident.snooze", incident_id=incident_id)
            await self._recorded(incident_id, actor, "incident.snooze", until=until.isoformat())
        return actor.telegram_id

    async def publish(self, incident_id: int, actor: Actor, *, public: bool) -> None:
        """Show it on the status page, by its cause and times alone; or show it no more."""
        hidden = Incident.filter(id=incident_id, published_at__isnull=public)
        async with in_transaction():
            if await hidden.update(published_at=self.clock.now() if public else None):
                await self._recorded(incident_id, actor, "incident.publish" if public else "incident.withdraw")

    async def stop_trying(self, incident_id: int, actor: Actor) -> int | None:
        """Restart no more: the agent stays down until somebody starts it; returns who did so first."""
        async with in_transaction():
            incident = await self._open(incident_id)
            still = Incident.filter(id=incident_id, gave_up=False, closed_at=None).exclude(agent_id=None)
            if not await still.update(gave_up=True, next_attempt_at=None) or incident.agent_id is None:
                return await self.audit.latest("incident.stop_trying", incident_id=incident_id)
            await self._stop_agent(incident.agent_id)
            await self._recorded(incident_id, actor, "incident.stop_trying")
        self.wakeup.poke(incident.agent_id)
        return actor.telegram_id

    # -- inside a transaction ------------------------------------------------------------------------

    async def _open(self, incident_id: int) -> Incident:
        incident = await Incident.get_or_none(id=incident_id, closed_at=None)
        if incident is None:
            raise IncidentOver
        return incident

    async def _stop_agent(self, agent_id: int) -> None:
        agent = await Agent.select_for_update().get_or_none(id=agent_id, desired_state=DesiredState.RUNNING)
        if agent is not None:
            agent.desired_state, agent.trouble, agent.next_attempt_at = DesiredState.STOPPED, Trouble.GAVE_UP, None
            agent.wish += 1
            agent.revision += 1
            await agent.save(update_fields=["desired_state", "trouble", "next_attempt_at", "wish", "revision"])

    async def _record(self, finding: Finding, agent: Agent | None) -> tuple[Incident, Severity | None]:
        """The incident, and how severe it was before (nothing: it is new)."""
        now = self.clock.now()
        seen: dict[str, Any] = {
            "severity": Severity.CRITICAL if finding.gave_up else finding.severity,
            "attempts": finding.attempts,
            "max_attempts": finding.max_attempts,
            "next_attempt_at": finding.next_attempt_at,
            "exit_code": finding.exit_code,
            "memory_mb": finding.memory_mb,
            "log_tail": redact(finding.log_tail) if finding.log_tail else None,
            "gave_up": finding.gave_up,
            "updated_at": now,
        }
        key = _key(agent, finding.cause)
        incident = await Incident.get_or_none(open_key=key) or await self._relapse(key, finding, agent)
        if incident is None:
            who: dict[str, Any] = {"agent_id": agent.id, "user_id": agent.user_id} if agent else {}
            return await Incident.create(open_key=key, cause=finding.cause, opened_at=now, **who, **seen), None
        before = incident.severity
        if not finding.gave_up:
            incident.occurrences += 1
        incident.update_from_dict({name: value for name, value in seen.items() if value is not None or name in _RESET})
        await incident.save()
        return incident, before

    async def _relapse(self, key: str, finding: Finding, agent: Agent | None) -> Incident | None:
        """The same problem again soon after it seemed over is the same incident, and the same message."""
        since = self.clock.now() - RELAPSE
        same = Incident.filter(agent_id=agent.id if agent else None, cause=finding.cause, closed_at__gte=since)
        incident = await same.order_by("-closed_at").first()
        if incident is not None:
            incident.open_key, incident.closed_at = key, None
        return incident

    async def _part_of_mass(self, incident: Incident) -> bool:
        """Whether so many agents failed at once that one message about the host says it better, until it is over."""
        recent = Incident.filter(closed_at=None, opened_at__gte=self.clock.now() - MASS_WINDOW)
        failed = await recent.exclude(agent_id=None).values_list("agent_id", "id")
        agents = len({agent_id for agent_id, _ in failed})
        share = agents >= MASS_LEAST and agents >= MASS_SHARE * await Agent.all().count()
        mass = await Incident.get_or_none(open_key=_key(None, Cause.MASS_FAILURE))
        if mass is None and (agents >= MASS_AGENTS or share):
            mass, _ = await self._record(Finding(Cause.MASS_FAILURE, Severity.CRITICAL), None)
            await self._alerts.tell_admins(mass)
            await self.outbox.withdraw(subject_of(number) for _, number in failed)
        if mass is None or abs(incident.opened_at - mass.opened_at) > MASS_WINDOW:
            return False
        await Incident.filter(id=mass.id, occurrences__lt=agents).update(occurrences=agents)
        return True

    async def _close(self, incident: Incident) -> None:
        now = self.clock.now()
        open_still = Incident.filter(id=incident.id, closed_at=None)
        if not await open_still.update(closed_at=now, updated_at=now, open_key=None, next_attempt_at=None):
            return
        await self._alerts.over(incident)

    async def _close_mass(self) -> None:
        """The host is well again when no agent that failed with it is still down."""
        mass = await Incident.get_or_none(open_key=_key(None, Cause.MASS_FAILURE))
        if mass is None:
            return
        began = (mass.opened_at - MASS_WINDOW, mass.opened_at + MASS_WINDOW)
        if not await Incident.filter(closed_at=None, opened_at__range=began).exclude(agent_id=None).exists():
            await self._close(mass)

    async def _recorded(self, incident_id: int, actor: Actor, action: str, **details: object) -> None:
        incident = await Incident.get(id=incident_id)
        user_id, agent_id = incident.user_id, incident.agent_id
        details["incident_id"] = incident_id
        await self.audit.record(actor, action, user_id=user_id, agent_id=agent_id, **details)
        values = {"incident_id": incident_id}
        await self.outbox.post_admins(NoticeKind.INCIDENT, values, subject=subject_of(incident_id))


_RESET = ("next_attempt_at", "exit_code")
"""Columns that a development may also empty."""


def _key(agent: Agent | None, cause: Cause) -> str:
    return f"agent:{agent.id}:{cause.value}" if agent is not None else f"host:{cause.value}"
