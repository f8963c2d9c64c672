"""When an agent has been idle long enough to sleep: a pure function of its row."""

from __future__ import annotations

from datetime import datetime, timedelta

from models import Agent


def idle_since(agent: Agent) -> datetime:
    """The last moment at which anybody could have wanted it: a word in either direction, its start, its last waking."""
    moments = (agent.last_activity_at, agent.started_at, agent.healthy_since, agent.rest_since, agent.created_at)
    return max(moment for moment in moments if moment is not None)


def is_idle(agent: Agent, sleep_after: timedelta | None, now: datetime) -> bool:
    """Whether it may sleep; never where *sleep_after* is nothing."""
    return sleep_after is not None and now - idle_since(agent) >= sleep_after
