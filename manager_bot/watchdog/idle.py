"""Who may be put to sleep, and when it has been idle long enough: a query, and a pure function of its row."""

from __future__ import annotations

from datetime import datetime, timedelta

from tortoise.expressions import F, Q

from manager_bot.watchdog.intent import meant_to_run
from models import Agent, ContainerStatus, Rest, Stage


def calm() -> Q:
    """Agents that are up and well, with nothing asked of them: of these alone may one be put to sleep."""
    well = Q(rest=Rest.AWAKE, stage=Stage.CONNECTED, trouble=None, door_trouble=None, updates_waiting=0)
    return well & Q(container_status=ContainerStatus.RUNNING, wish=F("wish_done")) & meant_to_run()


def idle_since(agent: Agent) -> datetime:
    """The last moment at which anybody could have wanted it: a word in either direction, its start, its last waking."""
    moments = (agent.last_activity_at, agent.started_at, agent.healthy_since, agent.rest_since, agent.created_at)
    return max(moment for moment in moments if moment is not None)


def is_idle(agent: Agent, sleep_after: timedelta | None, now: datetime) -> bool:
    """Whether it may sleep; never where *sleep_after* is nothing."""
    return sleep_after is not None and now - idle_since(agent) >= sleep_after
