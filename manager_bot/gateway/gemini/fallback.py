"""Which model answers for a tier: its own, or the next one's while its own is not to be had."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import structlog

from manager_bot.gateway.callers import Caller
from manager_bot.gateway.gemini.upstream import Asking, Gemini
from manager_bot.gateway.parts import Parts
from manager_bot.services.incidents import Finding
from models import Cause, Incident, Tier

NEXT: Final = {
    Tier.PRO: (Tier.FLASH, Tier.LITE),
    Tier.FLASH: (Tier.LITE,),
    Tier.LITE: (Tier.FLASH,),
}
"""Who stands in for whom, in order."""
RESTS: Final = {404: 300.0, 429: 30.0, 503: 15.0}
"""Seconds for which a tier is passed over after its model answered so."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """An open answer and the tier it came from."""

    tier: Tier
    answer: aiohttp.ClientResponse


@dataclass(frozen=True, slots=True)
class Models:
    """Asks the model of a tier, or of the next; one incident of the platform says which ones are missing.

    A subscriber's own key has its own quota and its own models: it falls back alike, but nobody is alerted and no other
    subscriber is led around a model for it.
    """

    parts: Parts
    gemini: Gemini
    _resting: dict[Tier, float] = field(default_factory=dict)
    _failing: dict[Tier, int] = field(default_factory=dict)

    async def resume(self) -> None:
        """Remember after a restart what was missing before it, so that the incident is closed when it is back."""
        for incident in await Incident.filter(cause=Cause.MODEL_UNAVAILABLE, closed_at=None):
            told = incident.log_tail or ""
            self._failing.update({tier: 0 for tier in Tier if self.parts.settings.model_of(tier) in told})
            if not self._failing:
                await self._over()

    def ask(
        self, caller: Caller, tier: Tier, body: Callable[[Tier], bytes], verb: str, *, sse: bool = False
    ) -> Choosing:
        """``async with`` it: the first answer that is no lack of a model, or the last of them.

        Raises as :meth:`Gemini.ask` does.
        """
        return Choosing(self, caller, tier, body, verb, sse)

    def order(self, caller: Caller, tier: Tier) -> list[Tier]:
        wanted = [tier, *NEXT[tier]]
        if caller.own_key is not None:
            return wanted
        now = time.monotonic()
        return [one for one in wanted if self._resting.get(one, 0.0) <= now] or [tier]

    def note(self, caller: Caller, tier: Tier, answer: aiohttp.ClientResponse) -> None:
        if caller.own_key is not None:
            return
        if answer.status in RESTS:
            self._resting[tier] = time.monotonic() + RESTS[answer.status]
            self._failing[tier] = answer.status
            log.warning("model.unavailable", tier=tier.value, status=answer.status)
            self.parts.closing.start(self._report())
        elif answer.status == 200 and tier in self._failing:
            del self._failing[tier]
            self._resting.pop(tier, None)
            if not self._failing:
                self.parts.closing.start(self._over())

    async def _report(self) -> None:
        settings = self.parts.settings
        lines = [f"{settings.model_of(tier)} ({tier.value}): {status}" for tier, status in self._failing.items()]
        try:
            await self.parts.incidents.report(Finding(Cause.MODEL_UNAVAILABLE, log_tail="\n".join(lines)))
        except Exception as error:
            log.exception("model.not_reported", error=type(error).__name__)

    async def _over(self) -> None:
        try:
            await self.parts.incidents.close(Cause.MODEL_UNAVAILABLE)
        except Exception as error:
            log.exception("model.not_closed", error=type(error).__name__)


@dataclass(slots=True)
class Choosing:
    """One call, asked of a tier after the other until one has a model for it."""

    models: Models
    caller: Caller
    tier: Tier
    body: Callable[[Tier], bytes]
    verb: str
    sse: bool
    asking: Asking | None = None

    async def __aenter__(self) -> Answered:
        models, order = self.models, self.models.order(self.caller, self.tier)
        for one in order:
            model = models.parts.settings.model_of(one)
            self.asking = models.gemini.ask(self.caller, model, self.verb, self.body(one), sse=self.sse)
            answer = await self.asking.__aenter__()
            models.note(self.caller, one, answer)
            if answer.status not in RESTS or one is order[-1]:
                break
            answer.release()
        return Answered(one, answer)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        assert self.asking is not None  # noqa: S101 - it was entered
        await self.asking.__aexit__(kind, error, trace)
