"""What every test may ask for; each fixture is described where it is made."""

from __future__ import annotations

from fixtures.blocking import no_blocking_calls
from fixtures.databases import database, database_url, empty_database_url, engine, postgres, sqlite_template
from fixtures.settings import make_settings
from fixtures.swap import swap
from fixtures.worlds import free_port, free_port_of_session, world, world_root

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
