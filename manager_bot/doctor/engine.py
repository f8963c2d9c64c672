"""The container engine: does it answer, and can it confine an agent?"""

from __future__ import annotations

import asyncio

from manager_bot.doctor.check import Check, fail, ok, warn
from manager_bot.errors import RuntimeUnavailable
from manager_bot.runtime.base import RuntimeRefused
from manager_bot.runtime.engine import EngineFacts, look_at_engine

_OLDEST = (20, 10)
_NAME = "docker"


async def find_engine(base_url: str | None = None) -> EngineFacts | None:
    """The engine's facts, or nothing when it does not answer."""
    try:
        return await asyncio.to_thread(look_at_engine, base_url)
    except (RuntimeUnavailable, RuntimeRefused):
        return None


def check_engine(facts: EngineFacts | None) -> list[Check]:
    """Version, limits and live-restore of an engine that may not be there."""
    if facts is None:
        return [fail(_NAME, "no container engine answers", "run `make engine`, or start Docker (and be root)")]
    return [_version(facts), _limits(facts), _live_restore(facts)]


def _version(facts: EngineFacts) -> Check:
    line = f"engine {facts.version}, cgroup v{facts.cgroup_version}, {facts.cpus} cores, {facts.memory_mb} MiB"
    numbers = tuple(int(part) for part in facts.version.split(".")[:2] if part.isdigit())
    if len(numbers) == 2 and numbers < _OLDEST:
        return fail(_NAME, f"{line}: too old", "install Docker Engine 20.10 or newer")
    return ok(_NAME, line)


def _limits(facts: EngineFacts) -> Check:
    wanted = {"memory": facts.limits_memory, "CPU": facts.limits_cpu, "processes": facts.limits_pids}
    missing = [name for name, there in wanted.items() if not there]
    if missing:
        return fail(
            "limits",
            f"the engine cannot limit {', '.join(missing)}: one agent could take the host",
            "turn the cgroup controllers on (kernel options cgroup_enable=memory, CONFIG_CFS_BANDWIDTH)",
        )
    return ok("limits", "memory, CPU and processes of an agent can be limited")


def _live_restore(facts: EngineFacts) -> Check:
    if facts.live_restore:
        return ok("live-restore", "on: agents keep running while Docker restarts")
    return warn(
        "live-restore",
        "off: an update of Docker stops every agent",
        'put {"live-restore": true} into /etc/docker/daemon.json and reload Docker',
    )
