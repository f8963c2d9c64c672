"""A config that the agent refused: the last good one takes its place until there is another to try."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from tortoise.context import tortoise_test_context

from manager_bot.openclaw.files import AgentFiles
from manager_bot.services.capacity import HostMemory, Needs
from manager_bot.services.sizing import Sizing
from manager_bot.services.specs import Specs
from manager_bot.vault import Vault, new_key
from models import Agent, User
from models.database import sqlite_url


@pytest.fixture
async def specs(tmp_path: Path) -> AsyncIterator[Specs]:
    async with tortoise_test_context(["models"], db_url=sqlite_url(tmp_path / "test.db")):
        sizing = Sizing(HostMemory.of(8192, 0), Needs(256, 256, 256))
        vault = Vault([SecretStr(new_key())])
        yield Specs(AgentFiles.below(tmp_path), "agent:1", "http://10.0.0.1:8787", vault, sizing)


@pytest.fixture
async def agent(specs: Specs) -> Agent:
    user = await User.create(telegram_id=1, name="Ann", plan="free", custom_rules="be brief")
    return await Agent.create(
        user=user,
        bot_id=7,
        bot_username="ann_bot",
        bot_name="Ann's",
        bot_token="sealed",
        bot_token_fingerprint="t",
        gateway_key=specs.vault.seal(SecretStr("key")),
        gateway_key_fingerprint="k",
        container_name="agent-7",
        container_port=9000,
    )


async def rules(agent: Agent, text: str) -> None:
    await User.filter(id=agent.user_id).update(custom_rules=text)


async def test_a_refused_config_gives_way_to_the_last_good_one_and_a_new_one_is_tried(
    specs: Specs, agent: Agent
) -> None:
    good = (await specs.build(agent)).config_digest
    await specs.approve(agent)
    assert not await specs.can_step_back(agent), "there is nothing but the present one"
    await rules(agent, "be long")
    bad = (await specs.build(agent)).config_digest
    assert await specs.can_step_back(agent)

    await specs.step_back(agent)

    assert (await specs.build(agent)).config_digest == good != bad
    assert not await specs.can_step_back(agent), "the good one refused too is the end of it"
    await rules(agent, "be kind")
    assert (await specs.build(agent)).config_digest not in (good, bad)


async def test_another_version_of_the_image_judges_anew(specs: Specs, agent: Agent) -> None:
    await specs.build(agent)
    await specs.approve(agent)
    await rules(agent, "be long")
    bad = (await specs.build(agent)).config_digest
    await specs.step_back(agent)

    assert (await replace(specs, image="agent:2").build(agent)).config_digest == bad


async def test_without_a_good_config_there_is_no_way_back(specs: Specs, agent: Agent) -> None:
    await specs.build(agent)
    assert not await specs.can_step_back(agent)
