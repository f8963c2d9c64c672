"""Fixtures of the use cases' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from incident_desk import ANN, BOB, Desk, Pokes, new_agent
from tortoise.context import tortoise_test_context

from manager_bot.clock import OffsetClock
from manager_bot.services.audit import Audit
from manager_bot.services.incidents import Incidents
from manager_bot.services.outbox import Outbox


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with tortoise_test_context(["models"]):
        clock, pokes = OffsetClock(), Pokes([])
        outbox = Outbox(clock, (ANN.telegram_id, BOB.telegram_id))
        yield Desk(Incidents(clock, outbox, Audit(clock), pokes), clock, pokes, await new_agent(1))
