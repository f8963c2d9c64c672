"""The jobs of an installation and their periods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from manager_bot.clock import Clock
from manager_bot.jobs.disk import DiskWatch
from manager_bot.jobs.schedule import Timed
from manager_bot.jobs.trim import Trim
from manager_bot.services.links import Links
from manager_bot.services.status import StatusBoard
from manager_bot.services.undertaker import Undertaker
from manager_bot.services.uptime import Uptime


def usual_jobs(
    clock: Clock, undertaker: Undertaker, disk: DiskWatch, links: Links | None = None
) -> Mapping[str, Timed]:
    """What runs wherever the watchdog runs: one process of an installation."""
    jobs = {
        "purge": Timed(undertaker.purge_due, timedelta(minutes=10)),
        "disk": Timed(disk.run, timedelta(minutes=10)),
        "trim": Timed(Trim(clock).run, timedelta(hours=6)),
        "uptime": Timed(Uptime(clock, StatusBoard(clock)).record_checks, timedelta(minutes=1)),
    }
    if links is not None:
        jobs["links"] = Timed(links.sweep, timedelta(minutes=5))
        jobs["github"] = Timed(links.tokens.check_all, timedelta(days=1))
    return jobs
