"""Agents that do not poll: do messages wait for them, and does their owner know why there is no answer?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.parts import Parts
from manager_bot.gateway.telegram.polls import BATCH, Polls
from manager_bot.gateway.telegram.replies import Refused
from manager_bot.gateway.telegram.updates import is_for_agent, last_id
from manager_bot.gateway.telegram.upstream import Answer, Telegram
from manager_bot.services.outbox import NoticeKind
from models import Agent, DesiredState, Trouble

EVERY: Final = 10.0
"""Seconds between two looks."""
BETWEEN_POLLS: Final = 10.0
"""Seconds from one poll to the next, at most; a healthy agent needs less than one."""
QUIET_FOR: Final = timedelta(seconds=75)
"""The same for who has not polled since this process began: a poll lasts 50 s, and its time is written every 10 s."""
_AT_ONCE: Final = 4
_BROKEN: Final = frozenset({Trouble.GAVE_UP, Trouble.BAD_CONFIG, Trouble.START_FAILED})
log = structlog.get_logger(__name__)


def silence_of(agent: Agent) -> str | None:
    """Why an agent will not answer for now; ``None`` where it should be back by itself."""
    if not agent.user.is_active:
        return "suspended"
    if agent.trouble in _BROKEN:
        return "broken"
    return "stopped" if agent.desired_state is DesiredState.STOPPED else None


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at every agent nobody polls for. Counts with ``getWebhookInfo``, which disturbs no poller."""

    parts: Parts
    telegram: Telegram
    polls: Polls

    async def run(self) -> None:
        """Look now and then, for ever; no fault ends it."""
        while True:
            try:
                await self.look()
            except Exception as error:
                log.exception("telegram_door.watch_failed", error=type(error).__name__)
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """One look at all of them."""
        if not self.parts.manager.username:
            await self._learn_manager()
        agents = await Agent.exclude(desired_state=DesiredState.REMOVED).select_related("user")
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(agent: Agent) -> None:
            async with gate:
                await self._look_at(agent)

        await asyncio.gather(*(one(agent) for agent in agents if not self._polls(agent)))

    def _polls(self, agent: Agent) -> bool:
        if self.polls.is_open(agent.id) or self.polls.is_held(agent.id):
            return True
        if silence_of(agent) is not None:
            return False
        if (quiet := self.polls.quiet_for(agent.id)) is not None:
            return quiet < BETWEEN_POLLS
        return agent.last_poll_at is not None and self.parts.clock.now() - agent.last_poll_at < QUIET_FOR

    async def _look_at(self, agent: Agent) -> None:
        caller = self.parts.callers.of(agent)
        try:
            answer = await self.telegram.call(caller.bot_token, "getWebhookInfo")
            await self._note(agent, caller, answer)
        except Refused:
            return

    async def _note(self, agent: Agent, caller: Caller, answer: Answer) -> None:
        if answer.status == 401:
            await self.parts.sightings.revoked(agent.id)
            return
        if answer.status != 200 or not isinstance(answer.result, dict):
            return
        if agent.door_trouble is Trouble.TOKEN_REVOKED:
            await self.parts.sightings.accepted(agent.id)
        count = answer.result.get("pending_update_count")
        if not isinstance(count, int) or self._polls(agent):  # it may have come back while Telegram was asked
            return
        await self.parts.sightings.waiting(agent.id, count)
        reason = silence_of(agent)
        if count and reason is not None and await self._owner_waits(caller):
            await self._tell(agent, reason)

    async def _owner_waits(self, caller: Caller) -> bool:
        """Whether one of the agent's own people wrote. A look without an offset confirms nothing.

        Only a full batch of strangers is confirmed, for it would hide whoever writes after them.
        """
        answer = await self.telegram.call(caller.bot_token, "getUpdates", {"timeout": 0, "limit": BATCH})
        updates = answer.result if answer.status == 200 and isinstance(answer.result, list) else []
        if any(is_for_agent(update, caller.people) for update in updates):
            return True
        if len(updates) == BATCH:
            past = {"timeout": 0, "limit": 1, "offset": last_id(updates) + 1}
            await self.telegram.call(caller.bot_token, "getUpdates", past)
        return False

    async def _tell(self, agent: Agent, reason: str) -> None:
        """Once a silence: between two polls, for one reason."""
        if not self.parts.manager.username:
            return
        since = int(agent.last_poll_at.timestamp()) if agent.last_poll_at else 0
        await self.parts.outbox.post(
            agent.user.telegram_id,
            NoticeKind.AGENT_SILENT,
            {"reason": reason, "manager_username": self.parts.manager.username},
            dedupe_key=f"silent:{agent.id}:{reason}:{agent.wish}:{since}",
            token_of=agent.id,
        )

    async def _learn_manager(self) -> None:
        try:
            answer = await self.telegram.call(self.parts.settings.bot_token, "getMe")
        except Refused:
            return
        if isinstance(answer.result, dict):
            self.parts.manager.username = str(answer.result.get("username", ""))
