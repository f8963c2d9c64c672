"""Whose timers count: those an agent set, where its plan has any."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fixtures.rows import new_agent, new_user
from pydantic import SecretStr
from tortoise.context import tortoise_test_context

from manager_bot.clock import SystemClock
from manager_bot.openclaw.files import AgentFiles
from manager_bot.openclaw.timers import NEXT_TIMER
from manager_bot.plans import PLANS, PlanName
from manager_bot.services.timers import OwnTimers
from manager_bot.vault import Vault, new_key
from models import Agent
from models.database import sqlite_url


@pytest.mark.parametrize("plan", PlanName)
async def test_a_timer_counts_where_the_plan_has_timers(tmp_path: Path, plan: PlanName) -> None:
    async with tortoise_test_context(["models"], db_url=sqlite_url(tmp_path / "test.db")):
        row = await new_agent(await new_user(plan=plan), Vault([SecretStr(new_key())]))
        agent = await Agent.get(id=row.id).select_related("user")
        files, clock = AgentFiles.below(tmp_path), SystemClock()
        timers = OwnTimers(files, clock)
        home = files.prepare(str(agent.id))
        assert await timers.next_due(agent) is None

        due = clock.now().replace(microsecond=0) + timedelta(hours=1)
        (home / ".openclaw" / NEXT_TIMER).write_text(str(int(due.timestamp() * 1000)))

        assert await timers.next_due(agent) == (due if PLANS[plan].timers else None)
