"""Agents as containers of one Docker Engine."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from datetime import datetime
from ipaddress import IPv4Network
from typing import Any, Protocol

import docker
import structlog

from manager_bot.runtime import cgroup, freezer, profile
from manager_bot.runtime.base import (
    AgentSpec,
    ContainerEvent,
    ContainerState,
    HostCapacity,
    MemoryUse,
    RuntimeRefused,
    Shrunk,
)
from manager_bot.runtime.calls import Calls, Conflict, Gone
from manager_bot.runtime.engine import connect, host_swap_mb, knock, ping
from manager_bot.runtime.events import read_events
from manager_bot.runtime.network import AgentNetwork
from models import ContainerStatus

PUBLIC_DNS = ("1.1.1.1", "9.9.9.9")
"""Agents ask public resolvers: the host's own is often on a private range, which the firewall closes to them."""

_TIMEOUT = 60
_CONFLICT_LOOKS = 20
_LOG_BYTES = 64 * 1024
_MIB = 1024 * 1024

log = structlog.get_logger(__name__)


class Guard(Protocol):
    """What keeps agents from host and neighbours (:class:`~manager_bot.runtime.firewall.Firewall`)."""

    async def ensure(self) -> None:
        """The rules stand afterwards; raises RuntimeRefused where we may not set them."""
        ...


class DockerRuntime:
    """Implements :class:`~manager_bot.runtime.base.Runtime`.

    Containers are found by this installation's mark and the agent's id in their labels, never by name: a stranger's
    container of the same name is refused, not adopted.
    """

    def __init__(
        self,
        mark: str,
        *,
        network: str,
        subnet: IPv4Network,
        guard: Guard | None = None,
        dns: tuple[str, ...] = PUBLIC_DNS,
        base_url: str | None = None,
    ) -> None:
        """Connects lazily. *network* names the agents' network; *base_url* is the engine's (default: DOCKER_HOST)."""
        self.network = AgentNetwork(network, mark, subnet)
        self._mark = mark
        self._guard = guard
        self._dns = dns
        self._profile = profile.profile_digest(dns)
        self._base_url = base_url
        self._calls = Calls()
        self._connecting = threading.Lock()
        self._client_or_none: docker.APIClient | None = None
        self._ids: dict[int, str] = {}
        self._guard_error = ""
        self._preparing = asyncio.Lock()

    def close(self) -> None:
        """Release threads and connections."""
        self._calls.close()
        if self._client_or_none is not None:
            self._client_or_none.close()

    async def ping(self) -> None:
        await self._calls.run(ping, self._base_url)

    async def prepare(self) -> None:
        async with self._preparing:
            await self._calls.run(lambda: self.network.ensure(self._client()))
        if self._guard is None:
            return
        try:
            await self._guard.ensure()
            self._guard_error = ""
        except RuntimeRefused as error:
            if str(error) != self._guard_error:
                log.warning("firewall_refused", reason=str(error))
            self._guard_error = str(error)

    async def create(self, spec: AgentSpec) -> ContainerState:
        try:
            return await self._calls.run(self._create, spec)
        except Conflict:
            return await self._made_by_another(spec)

    async def start(self, agent_id: int) -> None:
        await self._calls.run(self._start, agent_id)

    async def stop(self, agent_id: int, grace: int = 10) -> None:
        await self._calls.run(self._stop, agent_id, grace)

    async def restart(self, agent_id: int, grace: int = 10) -> None:
        await self.stop(agent_id, grace)
        await self.start(agent_id)

    async def remove(self, agent_id: int) -> None:
        await self._calls.run(self._remove, agent_id)

    async def freeze(self, agent_id: int) -> Shrunk:
        return await self._calls.run(self._freeze, agent_id)

    async def thaw(self, agent_id: int) -> None:
        await self._calls.run(self._thaw, agent_id)

    async def free_swap_mb(self) -> int:
        return await asyncio.to_thread(host_swap_mb, "SwapFree")

    async def limit_cpu(self, agent_id: int, cpu: float) -> None:
        await self._calls.run(self._limit_cpu, agent_id, cpu)

    async def state(self, agent_id: int) -> ContainerState | None:
        return await self._calls.run(self._state, agent_id)

    async def states(self) -> list[ContainerState]:
        return await self._calls.run(self._states)

    def events(self, since: datetime | None) -> AsyncIterator[ContainerEvent]:
        return read_events(self._connect, self._mark, since)

    async def logs(self, agent_id: int, lines: int) -> str:
        return await self._calls.run(self._logs, agent_id, lines)

    async def memory(self, agent_id: int) -> MemoryUse | None:
        known = self._ids.get(agent_id)
        if known and (use := cgroup.read_memory(known)):
            return use
        found = await self.state(agent_id)
        return cgroup.read_memory(found.container_id) if found else None

    async def capacity(self) -> HostCapacity:
        info = await self._calls.run(lambda: self._client().info())
        return HostCapacity(memory_mb=int(info["MemTotal"]) // _MIB, swap_mb=host_swap_mb(), cpus=int(info["NCPU"]))

    async def dismantle(self) -> None:
        """Remove every container and the network of this installation (uninstall, tests)."""
        for found in await self.states():
            await self.remove(found.agent_id)
        await self._calls.run(lambda: self.network.remove(self._client()))

    async def _made_by_another(self, spec: AgentSpec) -> ContainerState:
        """The name is taken: by another call of ours, whose container appears in a moment, or by a stranger."""
        for _ in range(_CONFLICT_LOOKS):
            if (made := await self.state(spec.agent_id)) and made.spec_digest == spec.digest():
                return made
            await asyncio.sleep(0.1)
        raise RuntimeRefused(f"the container name {spec.name} is in use by another container: set CLAWBOT_NAME_PREFIX")

    # -- in the pool -------------------------------------------------------------------------------

    def _connect(self) -> docker.APIClient:
        """A new connection, which asks the engine for its API version; raises while it is down."""
        return connect(self._base_url, _TIMEOUT)

    def _client(self) -> docker.APIClient:
        with self._connecting:
            if self._client_or_none is None:
                self._client_or_none = self._connect()
            else:
                knock(self._base_url)
            return self._client_or_none

    def _list(self, agent_id: int | None = None) -> list[dict[str, Any]]:
        wanted = [f"{profile.LABEL_MARK}={self._mark}"]
        if agent_id is not None:
            wanted.append(f"{profile.LABEL_AGENT}={agent_id}")
        found: list[dict[str, Any]] = self._client().containers(all=True, filters={"label": wanted})
        return [one for one in found if one["Names"]]

    def _states(self) -> list[ContainerState]:
        states = [profile.state_of_listed(one, self._profile) for one in self._list()]
        self._ids = {state.agent_id: state.container_id for state in states}
        return states

    def _state(self, agent_id: int) -> ContainerState | None:
        for one in sorted(self._list(agent_id), key=lambda one: one["State"] != "running"):
            with contextlib.suppress(Gone):
                found = profile.state_of_inspected(self._inspect(one["Id"]), self._profile)
                self._ids[agent_id] = found.container_id
                return found
        self._ids.pop(agent_id, None)
        return None

    def _inspect(self, container_id: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._client().inspect_container(container_id)
        except docker.errors.NotFound as error:
            raise Gone(container_id) from error
        return found

    def _create(self, spec: AgentSpec) -> ContainerState:
        found = self._list(spec.agent_id)
        states = [profile.state_of_listed(one, self._profile) for one in found]
        fits = len(states) == 1 and states[0].spec_digest == spec.digest()
        if fits and (existing := self._state(spec.agent_id)) and existing.status is not ContainerStatus.DEAD:
            return existing
        for state in states:
            self._remove_one(state.container_id)
        client = self._client()
        client.create_container(
            **profile.container_config(spec),
            labels=profile.labels(spec, self._mark, self._profile),
            host_config=client.create_host_config(**profile.host_config(spec, self.network.name, self._dns)),
        )
        created = self._state(spec.agent_id)
        if created is None:
            raise RuntimeRefused("the container vanished while it was made")
        return created

    def _start(self, agent_id: int) -> None:
        found = self._there(agent_id)
        if found.status is ContainerStatus.PAUSED:
            freezer.unpause(self._client(), found.container_id)
        elif found.status is not ContainerStatus.RUNNING:
            self._client().start(found.container_id)

    def _freeze(self, agent_id: int) -> Shrunk:
        found = self._there(agent_id)
        return freezer.freeze(self._client(), found.container_id, is_paused=found.status is ContainerStatus.PAUSED)

    def _thaw(self, agent_id: int) -> None:
        found = self._there(agent_id)
        freezer.thaw(self._client(), found.container_id, is_paused=found.status is ContainerStatus.PAUSED)

    def _there(self, agent_id: int) -> ContainerState:
        found = self._state(agent_id)
        if found is None:
            raise Gone(f"agent {agent_id} has no container")
        return found

    def _stop(self, agent_id: int, grace: int) -> None:
        found = self._state(agent_id)
        if found is None:
            return
        with contextlib.suppress(docker.errors.NotFound):
            if found.status is ContainerStatus.PAUSED:
                freezer.unpause(self._client(), found.container_id)
            self._client().stop(found.container_id, timeout=grace)

    def _remove(self, agent_id: int) -> None:
        for one in self._list(agent_id):
            self._remove_one(one["Id"])
        self._ids.pop(agent_id, None)

    def _remove_one(self, container_id: str) -> None:
        try:
            self._client().remove_container(container_id, force=True, v=True)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            if error.status_code != 409:  # 409: its removal is in progress already
                raise

    def _limit_cpu(self, agent_id: int, cpu: float) -> None:
        for one in self._list(agent_id):
            with contextlib.suppress(docker.errors.NotFound):
                self._client().update_container(
                    one["Id"], cpu_period=profile.CPU_PERIOD, cpu_quota=profile.cpu_quota(cpu)
                )

    def _logs(self, agent_id: int, lines: int) -> str:
        found = self._list(agent_id)
        if not found:
            return ""
        raw: bytes = self._client().logs(found[0]["Id"], tail=lines)
        if len(raw) > _LOG_BYTES:  # its first line goes with what was before: half a secret is not recognised as one
            raw = raw[-_LOG_BYTES:].partition(b"\n")[2]
        return raw.decode(errors="replace")


__all__ = ["PUBLIC_DNS", "Conflict", "DockerRuntime", "Gone"]
