"""What every test may ask for; each fixture is described where it is made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fixtures.blocking import no_blocking_calls
from fixtures.databases import database, database_url, empty_database_url, engine, postgres, sqlite_template
from fixtures.settings import make_settings
from fixtures.swap import swap
from fixtures.worlds import free_port, free_port_of_session, world, world_root
from hypothesis import HealthCheck, settings

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


HOST_WIDE = ("tests/e2e", "tests/integration/deploy", "tests/integration/doctor", "tests/integration/host")
"""Whole installations, whose plans depend on the swap that the host has."""


@pytest.hookimpl(wrapper=True)  # around xdist's own, which reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Several processes share the tests, a file at a time: its fixtures are made once, and its tests keep their order.

    Those that change or mind the host's swap go to one process, or they would pull it away from under each other.
    """
    for item in items:
        file = item.nodeid.split("::")[0]
        host_wide = "swap" in getattr(item, "fixturenames", ()) or file.startswith(HOST_WIDE)
        item.add_marker(pytest.mark.xdist_group("host" if host_wide else file))
    yield
