"""What every test may ask for; each fixture is described where it is made."""

from __future__ import annotations

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
