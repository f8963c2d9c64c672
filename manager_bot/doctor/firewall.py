"""The rules that keep agents from the host and from each other."""

from __future__ import annotations

from manager_bot.config import Settings
from manager_bot.doctor.check import Check, fail, ok, warn
from manager_bot.host import Host
from manager_bot.runtime.firewall import BRIDGE_FILTERING

_NAME = "firewall"


async def check_firewall(settings: Settings, mark: str | None) -> Check:
    """Whether the rules stand now; where they do not, the commands that set them."""
    if mark is None:
        if not _filtering():
            return _no_filtering()
        return warn(_NAME, "not set yet: ClawBot sets it when it starts", "start `clawbot run` as root, then ask again")
    firewall = Host.of(settings, mark).firewall
    if await firewall.stands():
        return ok(_NAME, "agents reach the gateway and the public web, nothing else")
    if not _filtering():
        return _no_filtering()
    return fail(
        _NAME,
        "the agents' firewall does not stand: strangers are not admitted",
        "run `clawbot run` as root, or set the rules by hand:",
        tuple(firewall.rules()),
    )


def _filtering() -> bool:
    return BRIDGE_FILTERING.is_file() and BRIDGE_FILTERING.read_text().strip() == "1"


def _no_filtering() -> Check:
    return fail(
        _NAME,
        "bridge-nf-call-iptables is not 1: agents could reach each other",
        "modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1",
    )
