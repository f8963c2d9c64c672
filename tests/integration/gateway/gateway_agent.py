"""A real OpenClaw behind a house's gateway: both doors, the rendered config, nothing else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from docker.models.containers import Container
from gateway_house import Subscriber
from real_image import contained

from manager_bot.demo.client import BotView, MessageView, Person, WorldClient
from manager_bot.openclaw.config import AgentConfig, render
from manager_bot.openclaw.files import AGENT_UID, AgentFiles

READY_SECONDS = 180


@dataclass(frozen=True, slots=True)
class AgentAtWork:
    """A person at the chat with a running agent."""

    world: WorldClient
    person: Person
    bot: BotView
    container: Container

    async def said(self, words: str, within: float = 30, containing: str = "") -> MessageView:
        """The first answer to *words*."""
        sent = await self.person.send(self.bot, words)
        return await self.person.wait_for(self.bot, containing, after=sent, within=within)

    async def log(self) -> str:
        return (await asyncio.to_thread(self.container.logs)).decode()


def config_of(subscriber: Subscriber) -> AgentConfig:
    """As the manager renders it for this subscriber."""
    return AgentConfig(
        subscriber.person.id,
        subscriber.bot.id,
        gateway_key=subscriber.key,
        control_token="c" * 43,
        gateway_url=subscriber.house.root,
    )


@asynccontextmanager
async def agent_at_work(
    image: str,
    network: str,
    root: Path,
    config: AgentConfig,
    chat: tuple[WorldClient, Person, BotView],
    *,
    files: dict[str, str] | None = None,
) -> AsyncIterator[AgentAtWork]:
    """Running and polling on *network*; *files* lie in its workspace."""
    world, person, bot = chat
    made = AgentFiles.below(root)
    home, directory = made.prepare("agent-1"), made.write_config("agent-1", render(config))
    for name, text in (files or {}).items():
        path = home / "workspace" / name
        path.write_text(text)
        os.chown(path, AGENT_UID, AGENT_UID)
    with contained(image, home, directory, network) as container:
        await asyncio.to_thread(container.start)
        async with asyncio.timeout(READY_SECONDS):
            while not (await world.show_bot(bot)).polling:  # noqa: ASYNC110 - the world is another program
                await asyncio.sleep(0.1)
        yield AgentAtWork(world, person, bot, container)
