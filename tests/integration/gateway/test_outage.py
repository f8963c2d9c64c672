"""Gemini failing for most is one incident of the platform, which closes by itself; a refusal is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr
from tortoise.context import tortoise_test_context

from manager_bot.clock import SystemClock
from manager_bot.gateway.callers import Caller
from manager_bot.gateway.gemini.upstream import Gemini, NeverSent
from manager_bot.gateway.metrics import Meter
from manager_bot.gateway.outage import ErrorRate, GeminiOutage
from manager_bot.gateway.parts import open_session
from manager_bot.plans import PlanName
from manager_bot.services.audit import Audit
from manager_bot.services.incidents import Finding, Incidents
from manager_bot.services.outbox import NoticeKind, Outbox
from manager_bot.tiers import TierWish
from manager_bot.watchdog.bell import Bell
from models import Cause, Incident, Notification
from models.database import sqlite_url


class Upstream:
    """Answers with whatever status it is told."""

    def __init__(self) -> None:
        self.status = 200
        self.root = ""

    async def answer(self, _request: web.Request) -> web.Response:
        return web.Response(status=self.status)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def incidents(tmp_path: Path) -> AsyncIterator[Incidents]:
    async with tortoise_test_context(["models"], db_url=sqlite_url(tmp_path / "test.db")):
        clock = SystemClock()
        yield Incidents(clock, Outbox(clock, (900,)), Audit(clock), Bell())


CALLER = Caller(1, 1, 1, 1, frozenset({1}), PlanName.FREE, TierWish.AUTO, True, SecretStr("t"), None)


@dataclass
class Door:
    """What the Gemini door asks with, and the outage that follows it."""

    session: aiohttp.ClientSession
    rate: ErrorRate

    async def ask(self, root: str, times: int) -> None:
        gemini = Gemini(root, SecretStr("key"), self.session, Meter(), self.rate)
        for _ in range(times):
            try:
                async with gemini.ask(CALLER, "m", "generateContent", b"{}"):
                    pass
            except (NeverSent, aiohttp.ClientError):
                pass


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with open_session() as session:
        yield Door(session, ErrorRate())


async def test_server_errors_open_one_incident_and_good_calls_close_it(
    upstream: Upstream, incidents: Incidents, door: Door
) -> None:
    outage = GeminiOutage(door.rate, incidents)
    await door.ask(upstream.root, 3)
    upstream.status = 503
    await door.ask(upstream.root, 4)
    await outage.judge()
    assert not await Incident.exists(), "four are bad luck"
    await door.ask(upstream.root, 4)
    await outage.judge()
    await outage.judge()
    incident = await Incident.get()
    assert (incident.cause, incident.severity.value, incident.agent_id) == (Cause.GEMINI_DOWN, "critical", None)
    assert await Notification.filter(kind=NoticeKind.INCIDENT.value).count() == 1
    upstream.status = 200
    await door.ask(upstream.root, 3)
    await outage.judge()
    assert (await Incident.get()).closed_at is not None


async def test_nobody_listening_is_an_outage(incidents: Incidents, door: Door) -> None:
    outage = GeminiOutage(door.rate, incidents)
    await door.ask("http://127.0.0.1:9", 5)
    await outage.judge()
    assert (await Incident.get()).cause is Cause.GEMINI_DOWN


async def test_refusals_are_answers(upstream: Upstream, incidents: Incidents, door: Door) -> None:
    outage = GeminiOutage(door.rate, incidents)
    upstream.status = 429
    await door.ask(upstream.root, 10)
    await outage.judge()
    assert not await Incident.exists()


async def test_an_incident_left_open_by_an_earlier_process_is_closed(
    upstream: Upstream, incidents: Incidents, door: Door
) -> None:
    await incidents.report(Finding(Cause.GEMINI_DOWN))
    outage = GeminiOutage(door.rate, incidents)
    await outage.judge()
    assert (await Incident.get()).closed_at is None, "no call has said anything yet"
    await door.ask(upstream.root, 1)
    await outage.judge()
    assert (await Incident.get()).closed_at is not None


def test_old_failures_are_forgotten_and_a_minority_is_no_outage() -> None:
    rate = ErrorRate()
    for second in range(5):
        rate.record(False, second)
    assert rate.is_down(10) is True
    assert rate.is_down(100) is None
    for second in range(100, 120):
        rate.record(second % 4 != 0, second)
    assert rate.is_down(120) is not True
