"""When the jobs run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # it ships no types

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Timed:
    """A job and its period."""

    job: Job
    every: timedelta


@dataclass(slots=True)
class Jobs:
    """Runs each job at start and then at its period: never twice at once, and one that fails is tried next time."""

    timed: Mapping[str, Timed]
    _scheduler: AsyncIOScheduler = field(default_factory=lambda: AsyncIOScheduler(timezone=UTC), init=False)
    _over: bool = field(default=False, init=False)

    def start(self) -> None:
        """Begin; needs the running loop, and the database to be open."""
        for name, one in self.timed.items():
            self._scheduler.add_job(
                self._guarded(name, one.job),
                "interval",
                seconds=one.every.total_seconds(),
                id=name,
                next_run_time=datetime.now(UTC),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    async def stop(self) -> None:
        """End; a job that runs is cut off, which each may be, and none begins any more."""
        self._over = True
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _guarded(self, name: str, job: Job) -> Job:
        async def run() -> None:
            if self._over:  # the scheduler ends in a later round of the loop, and may have one due until then
                return
            try:
                await job()
            except Exception:
                log.exception("job_failed", job=name)

        return run
