"""The agents' one network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import docker
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from manager_bot.runtime.base import RuntimeRefused
from manager_bot.runtime.profile import LABEL_MARK

_OVERLAPS = "overlaps"
_IN_USE = "active endpoints"
"""What the engine says when it will not make a network, and when it will not remove one."""
_SET_OTHER = "set CLAWBOT_AGENT_SUBNET to some that nobody uses"
_SET_BACK = "set CLAWBOT_AGENT_SUBNET back to what it was, or run `clawbot uninstall` first"


@dataclass(frozen=True, slots=True)
class AgentNetwork:
    """One bridge per installation: fixed subnet, fixed interface name, no traffic between its containers."""

    name: str
    mark: str
    subnet: IPv4Network

    @property
    def bridge(self) -> str:
        """The interface's name; Linux allows 15 characters, a mark has at most 12."""
        return f"cb-{self.mark}"

    def ensure(self, client: docker.APIClient) -> None:
        """The network stands afterwards as described; one of ours that differs is replaced while nobody is on it."""
        found = [one for one in client.networks(names=[self.name]) if one["Name"] == self.name]
        for one in found:
            if (one.get("Labels") or {}).get(LABEL_MARK) != self.mark:
                raise RuntimeRefused(f"the Docker network {self.name} exists and is not ours: set CLAWBOT_NAME_PREFIX")
            if self._as_described(one):
                return
            with _refusal(_IN_USE, f"agents still run on the network {self.name}, not on {self.subnet}", _SET_BACK):
                client.remove_network(one["Id"])
        with _refusal(_OVERLAPS, f"another network of this host uses addresses of {self.subnet}", _SET_OTHER):
            self._create(client)

    def _create(self, client: docker.APIClient) -> None:
        client.create_network(
            self.name,
            driver="bridge",
            options=self._options(),
            ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=str(self.subnet), gateway=self._gateway)]),
            check_duplicate=True,
            labels={LABEL_MARK: self.mark},
            enable_ipv6=False,
        )

    def remove(self, client: docker.APIClient) -> None:
        """The network is gone afterwards, if it was ours."""
        for one in client.networks(filters={"label": f"{LABEL_MARK}={self.mark}"}):
            client.remove_network(one["Id"])

    @property
    def _gateway(self) -> str:
        return str(next(self.subnet.hosts()))

    def _options(self) -> dict[str, str]:
        return {
            "com.docker.network.bridge.name": self.bridge,
            "com.docker.network.bridge.enable_icc": "false",
            "com.docker.network.bridge.enable_ip_masquerade": "true",
        }

    def _as_described(self, found: dict[str, Any]) -> bool:
        pools = (found.get("IPAM") or {}).get("Config") or []
        options = found.get("Options") or {}
        return (
            [pool.get("Subnet") for pool in pools] == [str(self.subnet)]
            and not found.get("EnableIPv6")
            and all(options.get(key) == value for key, value in self._options().items())
        )


@contextmanager
def _refusal(said: str, wrong: str, cure: str) -> Iterator[None]:
    """Where the engine refuses and says *said*, the refusal names what is wrong and the cure."""
    try:
        yield
    except APIError as error:
        if said not in str(error.explanation):
            raise
        raise RuntimeRefused(f"{wrong}: {cure}") from error
