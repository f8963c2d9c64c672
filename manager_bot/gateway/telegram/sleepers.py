"""Agents that sleep, as the Telegram door sees them: it holds their polls, watches in their place, and wakes them.

Whether an agent sleeps stands in its row (:class:`~models.agent.Rest`); this follows it. Nothing is acknowledged for
an agent: what wakes it is given to it by its own poll, as if it had been awake.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

import structlog

from manager_bot.gateway.parts import Parts
from manager_bot.gateway.telegram.polls import Polls
from manager_bot.gateway.telegram.sentry import Sentry
from models import Agent, Rest
from models.statements import select

EVERY: Final = 0.5
"""Seconds between two looks at the rows; a message needs none of them, for the sentry sees it first."""
_TURNING: Final = "SELECT id, rest FROM agents WHERE rest IN ('drowsy', 'held', 'asleep')"
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sleepers:
    """Follows the rows: who is held here, each with a sentry of its own."""

    parts: Parts
    polls: Polls
    sentry: Sentry
    _watches: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Look again and again; no fault ends it."""
        failure = ""
        while True:
            try:
                await self.look()
                failure = ""
            except Exception as error:
                if repr(error) != failure:
                    log.exception("telegram_door.sleepers_failed", error=type(error).__name__)
                failure = repr(error)
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Hold whom the rows say, let go of everybody else."""
        rests = {int(row["id"]): Rest(row["rest"]) for row in await select(_TURNING)}
        for agent_id in [one for one in self._watches if rests.get(one) not in (Rest.HELD, Rest.ASLEEP)]:
            await self.let_go(agent_id)
        for agent_id, rest in rests.items():
            if rest is Rest.DROWSY:
                await self._lull(agent_id)
            elif agent_id not in self._watches or self._watches[agent_id].done():
                self._hold(agent_id)  # also where a fault ended the watch: an agent must not sleep for ever

    def stirred(self, agent_id: int) -> None:
        """A held agent does something by itself: it is not asleep yet, and shall not be put to sleep now."""
        if agent_id in self._watches:
            self.parts.closing.start(self.rouse(agent_id))

    async def rouse(self, agent_id: int) -> None:
        """It is wanted: the row says so before its poll is let go."""
        resting = Agent.filter(id=agent_id, rest__in=(Rest.HELD, Rest.ASLEEP))
        if await resting.update(rest=Rest.WAKING, rest_since=self.parts.clock.now()):
            self.parts.wake(agent_id)
        await self.let_go(agent_id)

    async def let_go(self, agent_id: int) -> None:
        """Its polls go to Telegram again, once the sentry's is closed: two at a time would be a conflict."""
        watch = self._watches.pop(agent_id, None)
        if watch is not None and watch is not asyncio.current_task():
            watch.cancel()
            await asyncio.wait({watch})
        self.polls.release(agent_id)

    async def end_all(self) -> None:
        """The gateway goes down: the next one finds them in the rows."""
        self.sentry.end()
        for agent_id in list(self._watches):
            await self.let_go(agent_id)

    async def _lull(self, agent_id: int) -> None:
        """Hold the poll of an agent that is quiet; one that is not is asked again at the next look."""
        if not self.parts.presence.is_quiet(agent_id) or not await self.polls.hold(agent_id):
            return
        drowsy = Agent.filter(id=agent_id, rest=Rest.DROWSY)
        if await drowsy.update(rest=Rest.HELD, rest_since=self.parts.clock.now()):
            self._hold(agent_id)
            self.parts.wake(agent_id)
        else:
            self.polls.release(agent_id)

    def _hold(self, agent_id: int) -> None:
        self.polls.keep(agent_id)
        self._watches[agent_id] = asyncio.create_task(self._watch(agent_id), name=f"sentry-{agent_id}")

    async def _watch(self, agent_id: int) -> None:
        try:
            await self.sentry.wait(agent_id)
            await self.rouse(agent_id)
        except Exception as error:
            log.exception("telegram_door.sentry_failed", agent_id=agent_id, error=type(error).__name__)
