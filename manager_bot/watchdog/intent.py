"""What an agent should be: its row's wish, and whether its owner may have it."""

from __future__ import annotations

from tortoise.expressions import Q

from models import Agent, DesiredState


def intended(agent: Agent) -> DesiredState:
    """The wish that counts; *agent* comes with its user.

    A suspended person's agent rests without losing its own wish: let back in, it runs again if it was meant to.
    """
    rests = agent.desired_state is DesiredState.RUNNING and not agent.user.is_active
    return DesiredState.STOPPED if rests else agent.desired_state


def meant_to_run() -> Q:
    """The same for a query: agents that should be running."""
    return Q(desired_state=DesiredState.RUNNING, user__is_active=True)
