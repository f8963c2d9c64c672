"""A real OpenClaw behind the gateway: what its person reads when something stands in the way, and how soon it ends."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from fixtures.tool_outputs import KINDS, tool_output
from gateway_agent import AgentAtWork, agent_at_work, config_of
from gateway_house import House, Subscriber
from recorded_talk import question

from manager_bot.gateway.policy.window import WINDOW
from manager_bot.openclaw.store import TrialNetwork
from manager_bot.plans import PLANS, PlanName
from manager_bot.services.outbox import NoticeKind
from models import Budget, Notification, Source, Tier, User

pytestmark = [pytest.mark.parametrize("engine", ["sqlite"], indirect=True), pytest.mark.timeout(900)]
SOON = 10.0
"""Seconds within which the agent answers again after a grant or midnight."""
FILES = [tool_output(KINDS[number % len(KINDS)], number) for number in range(2 * len(KINDS))]
USED_UP = PLANS[PlanName.FREE].tokens_per_day


@pytest.fixture
async def owner(bridged: House) -> Subscriber:
    return await bridged.subscriber("Ann")


@pytest.fixture
async def agent(owner: Subscriber, image: str, bridge: TrialNetwork, tmp_path: Path) -> AsyncIterator[AgentAtWork]:
    chat = (owner.house.world, owner.person, owner.bot)
    files = {file.name: file.text for file in FILES}
    async with agent_at_work(image, bridge.name, tmp_path, config_of(owner), chat, files=files) as working:
        yield working


async def _answers_soon(agent: AgentAtWork, words: str) -> bool:
    began = time.monotonic()
    answer = await agent.said(words, within=60, containing="UTC")
    return "UTC" in answer.text and time.monotonic() - began < SOON


async def test_the_agent_is_back_soon_after_a_grant_at_midnight_and_when_let_back_in(
    owner: Subscriber, agent: AgentAtWork
) -> None:
    house = owner.house
    assert "UTC" in (await agent.said("What time is it?", within=60)).text

    await Budget.filter(user_id=owner.user_id).update(used=USED_UP)
    for number in range(3):
        assert "try again" in (await agent.said(f"What time is it now, number {number}?", within=60)).text.lower()
    told = await Notification.filter(chat_id=owner.person.id).order_by("id")
    assert [(one.kind, one.token_of) for one in told] == [
        (NoticeKind.BUDGET_NOTICE.value, None),
        (NoticeKind.AGENT_SILENT.value, owner.agent_id),
    ]
    await house.budgets.grant(owner.user_id, 100_000)
    assert await _answers_soon(agent, "What time is it after the grant?")

    await Budget.filter(user_id=owner.user_id).update(used=2 * USED_UP)
    await agent.said("And what time is it now?", within=60)
    house.parts.clock.offset = timedelta(days=1)
    assert await _answers_soon(agent, "What time is it after midnight?")

    await User.filter(id=owner.user_id).update(is_active=False)
    await house.gateway.watch.look()
    await User.filter(id=owner.user_id).update(is_active=True)
    assert "UTC" in (await agent.said("What time is it, now that I am back?", within=60, containing="UTC")).text


async def test_files_of_fifty_thousand_characters_reach_the_model_with_what_matters(
    owner: Subscriber, agent: AgentAtWork
) -> None:
    house = owner.house
    for file in FILES:
        await agent.said(question(file), within=90)
        bodies = [one["body"] for one in await house.control.requests(4)]
        shown = next(
            str(body["contents"][-2:]) for body in reversed(bodies) if "functionResponse" in str(body["contents"][-2:])
        )
        assert [planted for planted in file.planted if planted not in shown] == []

    served = await house.control.served()
    assert {row["status"] for row in served} == {200}
    assert max(row["usage"]["prompt"] for row in served) <= WINDOW
    report = await owner.usage()
    assert report.today.tokens == sum(row["usage"]["total"] for row in served)
    assert (report.today.messages, report.sources_today[Source.CHAT].messages) == (len(FILES), len(FILES))
    assert report.sources_today[Source.TOOL_LOOP].requests >= len(FILES)
    compacted = report.sources_today[Source.COMPACTION]
    assert compacted.requests > 0
    assert compacted.tokens == sum(
        row["usage"]["total"]
        for row in served
        if row["words"].startswith(("<turns>", "<summary-so-far>", "<conversation>"))
    )
    assert {row["model"] for row in served if "<conversation>" in row["words"]} <= {house.settings.model_of(Tier.LITE)}
    assert report.today.saved > report.today.prompt
