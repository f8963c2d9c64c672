"""What both doors share, and the few settings of theirs that no operator needs."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from types import coroutine
from typing import Any, Final, TypeVar

import aiohttp
from aiohttp import web

from manager_bot.clock import Clock
from manager_bot.config import Settings
from manager_bot.gateway.callers import Callers
from manager_bot.gateway.limits import Limits
from manager_bot.gateway.metrics import Meter
from manager_bot.gateway.outage import ErrorRate
from manager_bot.gateway.presence import Presence
from manager_bot.gateway.receiving import ReceivingConnector
from manager_bot.gateway.sightings import Sightings
from manager_bot.services.audit import Audit
from manager_bot.services.budgets import Budgets
from manager_bot.services.incidents import Incidents
from manager_bot.services.ledger import Ledger
from manager_bot.services.notices import BudgetNotices
from manager_bot.services.outbox import Outbox
from manager_bot.services.ports import DoorReport, Wakeup
from manager_bot.vault import Vault

T = TypeVar("T")
GEMINI_BYTES: Final = 64 * 1024 * 1024
"""Bytes of requests that one agent may keep open in memory: three of Google's largest, or 64 of a megabyte."""


@dataclass(slots=True)
class Closing:
    """Work that must not be lost when its request is: finished in the background, waited for at the end."""

    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def start(self, work: Coroutine[Any, Any, T], context: Context | None = None) -> asyncio.Task[T]:
        """Begin *work*; nobody need wait for it but the end of the gateway."""
        task = asyncio.create_task(work, context=context)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Do *work* to its end even if the caller is cancelled meanwhile.

        It begins before this returns, and becomes a task only where it has to wait, which most of it never does
        (Python 3.12 knows this as an eager task). What it does before it waits must not ask for the current task.
        """
        context = copy_context()
        try:
            awaited = context.run(work.send, None)
        except StopIteration:
            return
        await asyncio.shield(self.start(_rest_of(work, awaited), context))

    async def wait(self) -> None:
        """Until everything is done."""
        while self.tasks:
            await asyncio.wait(set(self.tasks))


async def _rest_of(work: Coroutine[Any, Any, T], awaited: object) -> T:
    """What is left of *work*, which waits for *awaited*."""
    return await _going_on(work, awaited)


@coroutine
def _going_on(work: Coroutine[Any, Any, T], awaited: object) -> Generator[object, Any, T]:
    while True:
        try:
            sent = yield awaited
        except BaseException as error:
            step = partial(work.throw, error)
        else:
            step = partial(work.send, sent)
        try:
            awaited = step()
        except StopIteration as end:
            result: T = end.value
            return result


class NobodyToWake:
    """In a process without a watchdog."""

    def poke(self, agent_id: int) -> None:
        """The watchdog elsewhere looks by itself."""


@dataclass(slots=True)
class ManagerName:
    """The manager bot's username, for links; empty until Telegram told it."""

    username: str = ""

    def __call__(self) -> str:
        return self.username


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the doors need, as fields. ``wake`` tells the watchdog of this process to look at an agent now."""

    settings: Settings
    clock: Clock
    outbox: Outbox
    session: aiohttp.ClientSession
    callers: Callers
    budgets: Budgets
    sightings: Sightings
    manager: ManagerName
    incidents: Incidents
    wake: Callable[[int], None]
    presence: Presence = field(default_factory=Presence)
    rate: ErrorRate = field(default_factory=ErrorRate)
    meter: Meter = field(default_factory=Meter)
    closing: Closing = field(default_factory=Closing)
    telegram_limits: Limits = field(default_factory=lambda: Limits(rate=30, burst=60, most=32))
    gemini_limits: Limits = field(default_factory=lambda: Limits(rate=50, burst=300, most=96, most_bytes=GEMINI_BYTES))


def gateway_parts(
    settings: Settings,
    vault: Vault,
    clock: Clock,
    outbox: Outbox,
    session: aiohttp.ClientSession,
    *,
    manager: ManagerName,
    budgets: Budgets | None = None,
    incidents: Incidents | None = None,
    wakeup: Wakeup | None = None,
    report: DoorReport | None = None,
) -> Parts:
    """The parts from what the composition root has.

    *budgets* is the bot's own where both run in one process, so that a grant serves who waits at once.
    """
    return Parts(
        settings=settings,
        clock=clock,
        outbox=outbox,
        session=session,
        callers=Callers(vault),
        budgets=budgets or Budgets(clock, BudgetNotices(outbox, manager), Ledger(secrets.token_hex(16))),
        sightings=Sightings(clock, wakeup, report),
        manager=manager,
        incidents=incidents or Incidents(clock, outbox, Audit(clock), wakeup or NobodyToWake()),
        wake=(wakeup or NobodyToWake()).poke,
    )


PARTS: Final = web.AppKey("gateway_parts", Parts)


def open_session() -> aiohttp.ClientSession:
    """A session fit for the doors: no limit across agents (each has its own), no cookies, no total time-out."""
    return aiohttp.ClientSession(
        connector=ReceivingConnector(limit=0, ttl_dns_cache=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
        headers={"User-Agent": "ClawBot", "Accept-Encoding": "identity"},
    )
