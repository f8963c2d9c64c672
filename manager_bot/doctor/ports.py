"""The ports ClawBot listens on: free, or its own."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from datetime import datetime

from manager_bot.config import Settings
from manager_bot.doctor.check import Check, fail, ok, warn
from manager_bot.doctor.watchdog import SILENT_AFTER


def check_ports(settings: Settings, heartbeats: Mapping[str, datetime], now: datetime) -> list[Check]:
    """Gateway, web, and at least one for an agent's health. While ClawBot runs, a taken port is its own: it refuses
    to start otherwise.
    """
    listening = {
        "gateway": (settings.gateway_address, settings.gateway_port, "CLAWBOT_GATEWAY_PORT"),
        "web": (settings.web_host, settings.web_port, "CLAWBOT_WEB_PORT"),
    }
    alive = any(now - seen < SILENT_AFTER for seen in heartbeats.values())
    checks = [_port(part, *place, alive=alive) for part, place in listening.items()]
    return [*checks, _agent_ports(*settings.agent_ports)]


def _port(part: str, host: str, port: int, setting: str, *, alive: bool) -> Check:
    name = f"port {port}"
    if _is_free(host, port):
        return ok(name, f"free for the {part} on {host}")
    if alive:
        return ok(name, f"the {part} of the running ClawBot listens on {host}")
    return fail(name, f"another program listens on {host}:{port}", f"end it, or set {setting}")


def _agent_ports(first: int, last: int) -> Check:
    name = f"ports {first}-{last}"
    free = sum(_is_free("127.0.0.1", port) for port in range(first, last + 1))
    if free == 0:
        return warn(name, "none is free: no further agent can be made", "set CLAWBOT_AGENT_PORTS to a wider range")
    return ok(name, f"{free} of {last - first + 1} are free for agents")


def _is_free(host: str, port: int) -> bool:
    """An address the host does not have yet (the agents' bridge before the first start) has every port free."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True
