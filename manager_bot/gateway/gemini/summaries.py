"""Summaries of what a conversation outgrew: made by the lite tier, remembered for their subscriber alone."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import orjson
import structlog

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.gemini.booking import Booking, Fate
from manager_bot.gateway.gemini.errors import GeminiError
from manager_bot.gateway.gemini.fallback import Models
from manager_bot.gateway.gemini.requests import output_of, with_output
from manager_bot.gateway.gemini.upstream import NeverSent, whole
from manager_bot.gateway.gemini.usage import read_json
from manager_bot.gateway.parts import Parts
from manager_bot.gateway.policy.context import SummaryJob
from manager_bot.gateway.policy.summary import clip_summary, summary_of_answer
from manager_bot.gateway.policy.tokens import estimate_request
from manager_bot.services.holds import Ask, OverBudget
from models import Source, Tier

PATIENCE: Final = 6.0
"""Seconds a request waits for a summary before it goes on with a plain digest."""
LONGEST: Final = 25.0
"""Seconds a summary may take at all, less than the gateway's drain: one too late for its request serves the next."""
REST: Final = 30.0
"""Seconds without another try for a subscriber whose summary failed."""
_MOST_EACH: Final = 24
_MOST_CHARACTERS: Final = 16_000_000
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Shelf:
    """The summaries known, by subscriber and prefix. In memory alone: a person's talk is on no disk of the gateway's.

    Each subscriber has the last 24, all together 16 million characters; who was away longest gives way.
    """

    _kept: OrderedDict[int, OrderedDict[str, str]] = field(default_factory=OrderedDict)
    _size: int = 0

    def recall(self, user_id: int, key: str) -> str | None:
        """The summary known by *key*."""
        mine = self._kept.get(user_id)
        if mine is None or key not in mine:
            return None
        self._kept.move_to_end(user_id)
        mine.move_to_end(key)
        return mine[key]

    def keep(self, user_id: int, key: str, summary: str) -> None:
        """Remember one."""
        mine = self._kept.setdefault(user_id, OrderedDict())
        self._kept.move_to_end(user_id)
        self._size += len(summary) - len(mine.pop(key, ""))
        mine[key] = summary
        if len(mine) > _MOST_EACH:
            self._size -= len(mine.popitem(last=False)[1])
        while self._size > _MOST_CHARACTERS and len(self._kept) > 1:
            self._size -= sum(map(len, self._kept.popitem(last=False)[1].values()))


@dataclass(frozen=True, slots=True)
class Summariser:
    """Has summaries made, each once however many requests wait for it, on the subscriber's budget."""

    parts: Parts
    models: Models
    shelf: Shelf = field(default_factory=Shelf)
    patience: float = PATIENCE
    _running: dict[tuple[int, str], asyncio.Task[str | None]] = field(default_factory=dict)
    _resting: dict[int, float] = field(default_factory=dict)

    async def summary(self, caller: Caller, job: SummaryJob) -> str | None:
        """The summary, or nothing where it fails or is slow: a request never fails for want of it."""
        name = (caller.user_id, job.key)
        task = self._running.get(name)
        if task is None:
            if self._resting.get(caller.user_id, 0.0) > time.monotonic():
                return None
            task = self._running[name] = self.parts.closing.start(self._make(caller, job))
            task.add_done_callback(lambda _: self._running.pop(name, None))
        done, _ = await asyncio.wait({task}, timeout=self.patience)
        return task.result() if done and not task.cancelled() else None

    async def _make(self, caller: Caller, job: SummaryJob) -> str | None:
        said: str | None = None
        try:
            async with asyncio.timeout(LONGEST):
                said = await self._ask(caller, job)
        except (OverBudget, NeverSent, GeminiError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("summary.failed", user_id=caller.user_id, error=type(error).__name__)
        except Exception as error:
            log.exception("summary.fault", user_id=caller.user_id, error=type(error).__name__)
        if said is None:
            self._rest(caller.user_id)
            return None
        summary = clip_summary(said)
        self.shelf.keep(caller.user_id, job.key, summary)
        return summary

    async def _ask(self, caller: Caller, job: SummaryJob) -> str | None:
        held, own = output_of(job.request).held, caller.own_key is not None
        prompt = estimate_request(job.request)
        ask = Ask(caller.user_id, caller.plan, prompt, held, Tier.LITE, Source.COMPACTION, own_key=own)
        hold = await self.parts.budgets.reserve(ask)
        booking = Booking(self.parts.budgets, self.parts.meter, hold)
        body = orjson.dumps(job.request if hold.output >= held else with_output(job.request, hold.output))
        try:
            booking.fate = Fate.UNDER_WAY
            async with self.models.ask(caller, Tier.LITE, lambda _: body, "generateContent") as answered:
                if answered.answer.status != 200:
                    booking.fate = Fate.NOT_SERVED
                    return None
                booking.tier = answered.tier
                document = read_json(await whole(answered.answer))
            booking.reading.take(document)
            booking.fate, booking.saved = Fate.COMPLETE, -booking.reading.seen.total
            return summary_of_answer(document) if isinstance(document, dict) else None
        except NeverSent:
            booking.fate = Fate.NOT_SERVED
            raise
        finally:
            await self.parts.closing.finish(booking.close())

    def _rest(self, user_id: int) -> None:
        now = time.monotonic()
        for other in [one for one, until in self._resting.items() if until <= now]:
            del self._resting[other]
        self._resting[user_id] = now + REST
