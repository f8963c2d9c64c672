"""One health port on 127.0.0.1 for each agent."""

from __future__ import annotations

import socket
from collections.abc import Set as AbstractSet

from manager_bot.errors import NoFreePort
from models import Agent


async def free_port(first: int, last: int, refused: AbstractSet[int] = frozenset()) -> int:
    """The lowest port from *first* to *last* that no agent has, nothing listens on and the engine has not refused.

    The database's unique constraint decides between two takers of one moment; raises :class:`NoFreePort`.
    """
    taken = {int(str(port)) for port in await Agent.all().values_list("container_port", flat=True)}
    for port in range(first, last + 1):
        if port not in taken | refused and _is_unused(port):
            return port
    raise NoFreePort


def _is_unused(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
