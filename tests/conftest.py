"""What every test may ask for; each fixture is described where it is made."""

from __future__ import annotations

import pytest
from fixtures.blocking import no_blocking_calls
from fixtures.databases import database, database_url, empty_database_url, engine, postgres, sqlite_template
from fixtures.settings import make_settings
from fixtures.swap import swap
from fixtures.worlds import free_port, free_port_of_session, world, world_root
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
"""How fast an example runs says how busy the machine is, not whether it is right."""

__all__ = [
    "database",
    "database_url",
    "empty_database_url",
    "engine",
    "free_port",
    "free_port_of_session",
    "make_settings",
    "no_blocking_calls",
    "postgres",
    "sqlite_template",
    "swap",
    "world",
    "world_root",
]


MINDING_SWAP = (
    "tests/e2e/crowd",
    "tests/e2e/test_journey.py",
    "tests/integration/deploy",
    "tests/integration/doctor",
    "tests/integration/host",
    "tests/integration/watchdog/test_sleep.py",
)
"""Whole installations, whose plans depend on the swap that the host has; and those that change it."""


class ByFile(LoadScopeScheduling):
    """Shares the tests a file at a time: its fixtures are made once, and its tests keep their order.

    Those that change or mind the host's swap go to one process, or they would pull it away from under each other.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", maxsplit=1)[0]
        return "swap" if file.startswith(MINDING_SWAP) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nobody changes the host's swap beside the others."""
    for item in items:
        if "swap" in getattr(item, "fixturenames", ()) and not item.nodeid.startswith(MINDING_SWAP):
            raise pytest.UsageError(f"{item.nodeid} changes the host's swap: its file belongs into MINDING_SWAP")
