"""Writing an agent's row without writing over a person."""

from __future__ import annotations

from typing import Any

from tortoise.expressions import F

from models import Agent

_NOTICEABLE = frozenset({"stage", "trouble", "container_status", "desired_state", "next_attempt_at", "restart_count"})


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
