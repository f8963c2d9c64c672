"""What every part of the platform needs, and nothing that only some do."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from manager_bot.clock import Clock, SystemClock
from manager_bot.config import Settings
from manager_bot.gateway.parts import ManagerName
from manager_bot.services.audit import Audit
from manager_bot.services.budgets import Budgets
from manager_bot.services.incidents import Incidents
from manager_bot.services.ledger import Ledger
from manager_bot.services.notices import BudgetNotices
from manager_bot.services.outbox import Outbox
from manager_bot.vault import Vault
from manager_bot.watchdog.bell import Bell


@dataclass(frozen=True, slots=True)
class Basics:
    """``bell`` wakes the watchdog; one that runs elsewhere looks every second."""

    settings: Settings
    clock: Clock
    vault: Vault
    audit: Audit
    outbox: Outbox
    bell: Bell
    budgets: Budgets
    incidents: Incidents
    manager: ManagerName


def basics_of(settings: Settings) -> Basics:
    """Build it; nothing of it need be closed, and none of it touches the host."""
    clock, bell, manager = SystemClock(), Bell(), ManagerName()
    outbox, audit = Outbox(clock, settings.admin_ids), Audit(clock)
    return Basics(
        settings=settings,
        clock=clock,
        vault=Vault(settings.secret_keys),
        audit=audit,
        outbox=outbox,
        bell=bell,
        budgets=Budgets(clock, BudgetNotices(outbox, manager), Ledger(secrets.token_hex(8))),
        incidents=Incidents(clock, outbox, audit, bell),
        manager=manager,
    )
