"""The one host that runs our agents: its engine, its network, its firewall, and what fits on it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ipaddress import IPv4Address

from manager_bot.config import Settings
from manager_bot.errors import OperatorError, RuntimeUnavailable
from manager_bot.openclaw.footprint import Footprint, footprint
from manager_bot.openclaw.image import ImageError, image_tag
from manager_bot.plans import PLANS
from manager_bot.runtime.base import RuntimeRefused
from manager_bot.runtime.docker import DockerRuntime
from manager_bot.runtime.firewall import Firewall
from manager_bot.runtime.images import DockerImages
from manager_bot.runtime.network import AgentNetwork
from manager_bot.services.capacity import HostMemory, Needs
from manager_bot.services.sizing import Sizing, Terms

UNMEASURED_MB = 512
"""What an image is believed to need that carries no measurement: an operator's own."""

_NO_ENGINE = "no Docker Engine answers: start Docker, or run `make engine`"


@dataclass(frozen=True, slots=True)
class Host:
    """Docker and the rules around it. Also the answer to "may strangers come in?"."""

    runtime: DockerRuntime
    firewall: Firewall

    @classmethod
    def of(cls, settings: Settings, mark: str) -> Host:
        """The host as the settings describe it, for the installation *mark*; nothing is touched yet."""
        network = AgentNetwork(f"{settings.name_prefix}-agents", mark, settings.agent_subnet)
        firewall = Firewall(mark, network.bridge, IPv4Address(settings.bridge_address), settings.gateway_port)
        runtime = DockerRuntime(mark, network=network.name, subnet=network.subnet, guard=firewall)
        return cls(runtime, firewall)

    async def is_open(self) -> bool:
        """True while the firewall stands: agents are kept apart from the host and from each other."""
        return await self.firewall.stands()

    async def prepare(self) -> None:
        """The agents' network and firewall stand; raises :class:`OperatorError` for what only the operator can mend."""
        try:
            await self.runtime.prepare()
        except RuntimeUnavailable:
            raise OperatorError(_NO_ENGINE) from None
        except RuntimeRefused as error:
            raise OperatorError(str(error)) from None

    async def sizing(self, settings: Settings) -> Sizing:
        """What plans come to here; raises :class:`OperatorError` if the engine or the image is missing."""
        try:
            capacity = await self.runtime.capacity()
            needs = await asyncio.to_thread(needs_of, image_of(settings))
        except (RuntimeUnavailable, ImageError):
            raise OperatorError(_NO_ENGINE) from None
        return sizing_of(settings, capacity.memory_mb, capacity.swap_mb, needs)


def sizing_of(settings: Settings, memory_mb: int, swap_mb: int, needs: Footprint | None) -> Sizing:
    """What plans come to on a host of that memory and swap, with an image of those needs."""
    first, last = settings.agent_ports
    return Sizing(
        HostMemory.of(memory_mb, swap_mb, settings.memory_reserve_mb or None),
        _needs(needs),
        Terms(
            settings.memory_overcommit,
            settings.awake_share,
            settings.strict_plans,
            sleepers=frozenset(name for name, plan in PLANS.items() if settings.sleep_after_of(plan) is not None),
        ),
        places=last - first + 1,
    )


def _needs(measured: Footprint | None) -> Needs:
    """What was not measured is believed to need much and to shrink by nothing."""
    if measured is None:
        return Needs(UNMEASURED_MB, UNMEASURED_MB, UNMEASURED_MB)
    awake = measured.awake_mb or measured.memory_mb
    return Needs(measured.memory_mb, awake, measured.asleep_mb or awake)


def image_of(settings: Settings) -> str:
    """The image agents run: the operator's, else the one built from our recipe."""
    return settings.agent_image or image_tag()


def needs_of(image: str) -> Footprint | None:
    """What *image* was measured to need; raises :class:`OperatorError` if it is not here. Blocking."""
    labels = DockerImages().labels(image)
    if labels is None:
        raise OperatorError(f"the agent image {image} is not here: run `clawbot image ensure`")
    return footprint(labels)
