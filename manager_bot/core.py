"""What the parts on a host with Docker share, built once."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, fields

from manager_bot.basics import Basics
from manager_bot.host import Host
from manager_bot.openclaw.files import AgentFiles
from manager_bot.services.installation import installation_mark
from manager_bot.services.links import Links
from manager_bot.services.sizing import Sizing
from web.linking import links_of


@dataclass(frozen=True, slots=True)
class Core(Basics):
    """``links`` is there where GitHub is configured."""

    host: Host
    sizing: Sizing
    files: AgentFiles
    links: Links | None


async def build_core(basics: Basics, stack: AsyncExitStack) -> Core:
    """Build it; what must be closed is closed with *stack*. The database is open already."""
    settings = basics.settings
    host = Host.of(settings, await installation_mark())
    stack.callback(host.runtime.close)
    return Core(
        **{one.name: getattr(basics, one.name) for one in fields(basics)},
        host=host,
        sizing=await host.sizing(settings),
        files=AgentFiles.below(settings.data_dir.absolute()),
        links=links_of(settings, basics.clock, basics.vault, basics.audit, basics.outbox),
    )
