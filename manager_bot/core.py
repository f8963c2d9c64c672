"""What more than one part of the platform needs, built once."""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass

from manager_bot.clock import Clock, SystemClock
from manager_bot.config import Settings
from manager_bot.gateway.parts import ManagerName
from manager_bot.host import Host
from manager_bot.openclaw.files import AgentFiles
from manager_bot.services.audit import Audit
from manager_bot.services.budgets import Budgets
from manager_bot.services.incidents import Incidents
from manager_bot.services.installation import installation_mark
from manager_bot.services.ledger import Ledger
from manager_bot.services.links import Links
from manager_bot.services.notices import BudgetNotices
from manager_bot.services.outbox import Outbox
from manager_bot.services.sizing import Sizing
from manager_bot.vault import Vault
from manager_bot.watchdog.bell import Bell
from web.linking import links_of


@dataclass(frozen=True, slots=True)
class Front:
    """What the web component needs; nothing of it is on the host. ``links`` is there where GitHub is configured."""

    settings: Settings
    clock: Clock
    manager: ManagerName
    links: Links | None


@dataclass(frozen=True, slots=True)
class Core:
    """What more than one part needs. ``bell`` wakes the watchdog; one that runs elsewhere looks every second.

    ``links`` is there where GitHub is configured.
    """

    settings: Settings
    clock: Clock
    vault: Vault
    audit: Audit
    outbox: Outbox
    bell: Bell
    host: Host
    sizing: Sizing
    files: AgentFiles
    budgets: Budgets
    incidents: Incidents
    manager: ManagerName
    links: Links | None

    @property
    def front(self) -> Front:
        """The web component's share."""
        return Front(self.settings, self.clock, self.manager, self.links)


def front_of(settings: Settings) -> Front:
    """For a process of the web component alone."""
    clock = SystemClock()
    links = links_of(settings, clock, Vault(settings.secret_keys), Audit(clock), Outbox(clock, settings.admin_ids))
    return Front(settings, clock, ManagerName(), links)


async def build_core(settings: Settings, stack: AsyncExitStack) -> Core:
    """Build it; what must be closed is closed with *stack*. The database is open already."""
    clock, bell, manager = SystemClock(), Bell(), ManagerName()
    outbox, audit = Outbox(clock, settings.admin_ids), Audit(clock)
    vault = Vault(settings.secret_keys)
    host = Host.of(settings, await installation_mark())
    stack.callback(host.runtime.close)
    return Core(
        settings=settings,
        clock=clock,
        vault=vault,
        audit=audit,
        outbox=outbox,
        bell=bell,
        host=host,
        sizing=await host.sizing(settings),
        files=AgentFiles.below(settings.data_dir.absolute()),
        budgets=Budgets(clock, BudgetNotices(outbox, manager), Ledger(secrets.token_hex(8))),
        incidents=Incidents(clock, outbox, audit, bell),
        manager=manager,
        links=links_of(settings, clock, vault, audit, outbox),
    )
