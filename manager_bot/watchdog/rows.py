"""Writing an agent's row without writing over a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise.expressions import F

from models import Agent, Rest

_NOTICEABLE = frozenset({"stage", "trouble", "container_status", "desired_state", "next_attempt_at", "restart_count"})
_SHOWN = (Rest.AWAKE, Rest.ASLEEP)
"""The others pass within a second or two; a card is not edited for them."""


class Stale(Exception):
    """A person changed the row meanwhile: look again before writing over it."""


async def save(agent: Agent, **changes: Any) -> None:
    """Write what changed; raises :class:`Stale` if a person wished something else since *agent* was read."""
    changed = {name: value for name, value in changes.items() if getattr(agent, name) != value}
    if not changed:
        return
    agent.update_from_dict(changed)
    written: dict[str, Any] = dict(changed)
    if _NOTICEABLE & changed.keys():
        written["revision"] = F("revision") + 1
    if not await Agent.filter(id=agent.id, wish=agent.wish).update(**written):
        raise Stale


async def turn(agent: Agent, to: Rest, now: datetime, **changes: Any) -> None:
    """Leave the state of rest that *agent* was read in; raises :class:`Stale` if anyone else was faster.

    Sleeping is agreed upon between processes that share only the row, so this alone says who moved it on.
    """
    before = agent.rest
    written = {**changes, "rest": to, "rest_since": now}
    agent.update_from_dict(written)
    moved = Agent.filter(id=agent.id, wish=agent.wish, rest=before)
    if not await moved.update(**written, revision=F("revision") + int(to in _SHOWN)):
        raise Stale
