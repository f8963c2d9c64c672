"""The end of an agent: archived for seven days, then gone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from manager_bot.clock import Clock
from manager_bot.failpoints import reach
from manager_bot.openclaw.files import AgentFiles
from manager_bot.services.audit import SYSTEM, Audit
from manager_bot.services.outbox import NoticeKind, Outbox
from models import Agent, Archive, User

KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Undertaker:
    """Buries agents whose container is gone, and purges archives whose time has come. Every act can be repeated."""

    files: AgentFiles
    clock: Clock
    outbox: Outbox
    audit: Audit

    async def bury(self, agent: Agent) -> None:
        """Move the agent's data to the archive and forget the agent; its bot token is free from here on.

        A crash between the move and the row is finished by calling it again.
        """
        now = self.clock.now()
        path = await asyncio.to_thread(self._put_away, str(agent.id), now)
        reach("undertaker.archived")
        async with in_transaction():
            await Archive.update_or_create(
                defaults={
                    "user_id": agent.user_id,
                    "bot_id": agent.bot_id,
                    "bot_username": agent.bot_username,
                    "bot_name": agent.bot_name,
                    "is_managed": agent.is_managed,
                    "bot_token": agent.bot_token,
                    "path": path,
                    "archived_at": now,
                    "purge_at": now + KEPT,
                },
                agent_id=agent.id,
            )
            await agent.delete()
            user = await User.get(id=agent.user_id)
            await self.outbox.post(
                user.telegram_id,
                NoticeKind.AGENT_ARCHIVED,
                {"bot_username": agent.bot_username, "until": (now + KEPT).isoformat()},
                dedupe_key=f"archived:{agent.id}",
            )
            await self.audit.record(SYSTEM, "agent.archive", user_id=agent.user_id, agent_id=agent.id)
        reach("undertaker.buried")

    async def purge_due(self) -> int:
        """Remove every archive that was kept long enough, for good; how many there were."""
        due = await Archive.filter(purge_at__lte=self.clock.now()).prefetch_related("user")
        for archive in due:
            if archive.path:
                await asyncio.to_thread(self.files.purge, archive.path)
            async with in_transaction():
                await archive.delete()
                await self.outbox.post(
                    archive.user.telegram_id,
                    NoticeKind.AGENT_PURGED,
                    {"bot_username": archive.bot_username},
                    dedupe_key=f"purged:{archive.agent_id}",
                )
                await self.audit.record(SYSTEM, "agent.purge", user_id=archive.user_id, agent_id=archive.agent_id)
        return len(due)

    def _put_away(self, name: str, now: datetime) -> str:
        """The archive's name; one made before a crash is found again, an agent that never had data has none."""
        made = self.files.put_away(name, now)
        return made or next((one.name for one in self.files.archives() if one.agent == name), "")
