"""The dispatcher: handlers, and what surrounds them."""

from __future__ import annotations

from dataclasses import dataclass

from aiogram import Dispatcher
from aiogram.fsm.storage.memory import SimpleEventIsolation

from manager_bot.clock import Clock
from manager_bot.services.accounts import Accounts
from manager_bot.services.agents import Agents
from manager_bot.services.audit import Audit
from manager_bot.services.grants import Grants
from manager_bot.services.links import Links
from manager_bot.services.registration import Registration
from manager_bot.services.sizing import Sizing
from manager_bot.services.usage import Usage
from manager_bot.telegram.cards import Cards
from manager_bot.telegram.fsm import DatabaseStorage
from manager_bot.telegram.handlers import errors
from manager_bot.telegram.handlers.admin import admin_router
from manager_bot.telegram.handlers.subscriber import subscriber_router
from manager_bot.telegram.middlewares import Gate, Introduction, PrivateOnly, SecretGuard
from manager_bot.telegram.onboarding import Onboarding
from manager_bot.telegram.ports import IncidentDesk
from manager_bot.telegram.screens.admin import AdminScreens
from manager_bot.telegram.screens.subscriber import Screens
from manager_bot.texts import Texts


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the chat needs of the rest of the house."""

    clock: Clock
    texts: Texts
    accounts: Accounts
    agents: Agents
    registration: Registration
    sizing: Sizing
    audit: Audit
    usage: Usage
    incidents: IncidentDesk
    admin_ids: tuple[int, ...]
    links: Links | None = None
    """Where GitHub is configured."""


def build_dispatcher(use: UseCases, cards: Cards, screens: Screens) -> Dispatcher:
    """Handlers get the use cases by parameter name. The order of the middlewares is the order of what must not fail."""
    dispatcher = Dispatcher(
        storage=DatabaseStorage(),
        events_isolation=SimpleEventIsolation(),
        accounts=use.accounts,
        agents=use.agents,
        registration=use.registration,
        onboarding=Onboarding(use.accounts, use.registration, github_first=use.links is not None),
        grants=Grants(use.usage.budgets, use.audit),
        incidents=use.incidents,
        links=use.links,
        screens=screens,
        admin_screens=AdminScreens(
            use.texts, use.clock, use.sizing, use.accounts, use.agents, use.usage, use.incidents
        ),
        admin_ids=use.admin_ids,
    )
    for middleware in (
        SecretGuard(),
        PrivateOnly(),
        Introduction(use.accounts, use.texts, cards),
        Gate(screens, use.admin_ids),
    ):
        dispatcher.update.outer_middleware(middleware)
    dispatcher.include_routers(errors.router(), admin_router(), subscriber_router(with_github=use.links is not None))
    return dispatcher
