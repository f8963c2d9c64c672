"""Freezing a container and thawing it: blocking calls of the engine, believed when the kernel says the same."""

from __future__ import annotations

import docker

from manager_bot.runtime import cgroup
from manager_bot.runtime.base import RuntimeRefused, Shrunk


def freeze(client: docker.APIClient, container_id: str, *, is_paused: bool) -> Shrunk:
    """Pause, then reclaim: what runs would fetch back what is being taken from it.

    One that was frozen halfway before a crash of ours held what lies in swap by now, too. Raises RuntimeRefused.
    """
    before = cgroup.read_memory(container_id)
    if not is_paused:
        client.pause(container_id)
    cgroup.reclaim(container_id)
    after = cgroup.read_memory(container_id)
    if before is None or after is None or not cgroup.is_frozen(container_id):
        raise RuntimeRefused("the kernel does not say that the container is frozen")
    return Shrunk(max(before.used, after.used + cgroup.read_swapped(container_id)), after.used)


def thaw(client: docker.APIClient, container_id: str, *, is_paused: bool) -> None:
    """Let it run where it was paused, with the swap its plan has."""
    if is_paused:
        unpause(client, container_id)
    cgroup.end_reclaim(container_id)


def unpause(client: docker.APIClient, container_id: str) -> None:
    """The engine may report a container as paused for a moment after it no longer is."""
    try:
        client.unpause(container_id)
    except docker.errors.APIError as error:
        if "not paused" not in str(error.explanation):
            raise
