"""The smallest honest interface to a host that runs agents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from models import ContainerStatus


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """Everything that makes one agent's container what it is.

    Memory and swap in MiB (swap on top of memory), CPU in cores. ``health_port`` is published on 127.0.0.1 only.
    ``data_dir`` is mounted at ``/data``; ``config_dir``, owned by root, read-only at ``/etc/openclaw``.
    ``config_digest`` makes a changed configuration a changed spec. A CPU boost is no part of the spec.
    """

    agent_id: int
    name: str
    image: str
    memory_mb: int
    swap_mb: int
    cpu: float
    health_port: int
    data_dir: Path
    config_dir: Path
    config_digest: str
    environment: Mapping[str, str] = field(default_factory=dict)
    pids: int = 256

    def digest(self) -> str:
        """A hash of the whole spec; a container that carries another one is recreated."""
        plain = json.dumps(asdict(self), default=str, sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ContainerState:
    """One container as the engine reports it, at one moment."""

    agent_id: int
    container_id: str
    name: str
    status: ContainerStatus
    spec_digest: str
    exit_code: int | None = None
    oom_killed: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerEventKind(StrEnum):
    """What an engine event means to us; everything else is dropped at the edge."""

    STARTED = "started"
    DIED = "died"
    OUT_OF_MEMORY = "out_of_memory"
    SIGNALLED = "signalled"
    PAUSED = "paused"
    UNPAUSED = "unpaused"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """One engine event of one of our containers."""

    agent_id: int
    container_id: str
    kind: ContainerEventKind
    at: datetime
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """A container's memory in bytes, from its cgroup: resident without page cache, and the limit."""

    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What freezing a container did, read back from its cgroup: resident bytes before and after."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class HostCapacity:
    """What the host has: memory and swap in MiB, cores."""

    memory_mb: int
    swap_mb: int
    cpus: int


class Runtime(Protocol):
    """Runs agents on one host.

    Every verb is idempotent and touches only containers with this installation's mark. Each raises
    :class:`~manager_bot.errors.RuntimeUnavailable` when the engine does not answer, and
    :class:`~manager_bot.runtime.base.RuntimeRefused` when it answers that it will not.
    """

    async def ping(self) -> None:
        """Return if the engine answers a new connection; one that is shutting down answers only old ones."""
        ...

    async def prepare(self) -> None:
        """Make the network and the firewall rules stand; called at start and again by the watchdog's pass."""
        ...

    async def create(self, spec: AgentSpec) -> ContainerState:
        """A container with exactly this spec exists afterwards (another spec: removed and made anew); not started."""
        ...

    async def start(self, agent_id: int) -> None:
        """The container runs afterwards."""
        ...

    async def stop(self, agent_id: int, grace: int = 10) -> None:
        """The container does not run afterwards (killed after *grace* seconds); missing is success."""
        ...

    async def restart(self, agent_id: int, grace: int = 10) -> None:
        """Stop, then start."""
        ...

    async def remove(self, agent_id: int) -> None:
        """No container of this agent exists afterwards."""
        ...

    async def freeze(self, agent_id: int) -> Shrunk:
        """The container is paused and its memory reclaimed to swap, both read back.

        Raises :class:`RuntimeRefused` where either is not so; it may be paused then, and :meth:`thaw` undoes it.
        """
        ...

    async def thaw(self, agent_id: int) -> None:
        """The container runs afterwards where it was paused; what is not paused is left as it is."""
        ...

    async def free_swap_mb(self) -> int:
        """The host's free swap in MiB: what a frozen container's memory can go to."""
        ...

    async def limit_cpu(self, agent_id: int, cpu: float) -> None:
        """Cap the CPU at *cpu* cores (a boost is a higher cap for a while)."""
        ...

    async def state(self, agent_id: int) -> ContainerState | None:
        """The agent's container, or nothing."""
        ...

    async def states(self) -> list[ContainerState]:
        """All containers of this installation, cheaply."""
        ...

    def events(self, since: datetime | None) -> AsyncIterator[ContainerEvent]:
        """Events as they happen; ends when the stream drops, to be called again with the last event's time."""
        ...

    async def logs(self, agent_id: int, lines: int) -> str:
        """The last *lines* lines of output, raw (never shown unredacted)."""
        ...

    async def memory(self, agent_id: int) -> MemoryUse | None:
        """Memory from cgroup files; nothing when it does not run."""
        ...

    async def capacity(self) -> HostCapacity:
        """What the host has."""
        ...


class RuntimeRefused(Exception):
    """The engine understood and refused; ``str()`` is its reason, for the log and ``doctor``, not for a chat."""


class PortTaken(RuntimeRefused):
    """Another program or container of the host holds the health port."""
