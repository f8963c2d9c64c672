"""The jobs of an installation and their periods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from manager_bot.clock import Clock
from manager_bot.jobs.disk import DiskWatch
from manager_bot.jobs.schedule import Timed
from manager_bot.jobs.trim import Trim
from manager_bot.services.undertaker import Undertaker


def usual_jobs(clock: Clock, undertaker: Undertaker, disk: DiskWatch) -> Mapping[str, Timed]:
    """What runs wherever the watchdog runs: one process of an installation."""
    return {
        "purge": Timed(undertaker.purge_due, timedelta(minutes=10)),
        "disk": Timed(disk.run, timedelta(minutes=10)),
        "trim": Timed(Trim(clock).run, timedelta(hours=6)),
    }
