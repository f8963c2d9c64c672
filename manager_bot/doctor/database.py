"""The database: reachable, migrated, sealed with our keys; and what it knows for the other checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from manager_bot.config import Settings
from manager_bot.doctor.check import Check, fail, ok
from manager_bot.errors import OperatorError, SettingError
from manager_bot.services.installation import known_mark
from manager_bot.services.key_rotation import check_keys
from models import Agent, Heartbeat
from models import database as db
from models.writer_lock import holder_of

_NAME = "database"


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """Empty where the database is not usable yet. ``heartbeats`` is each part's last sign of life."""

    checks: tuple[Check, ...]
    mark: str | None = None
    heartbeats: Mapping[str, datetime] = field(default_factory=dict)
    agents: int = 0


async def look_into_database(settings: Settings) -> DatabaseFacts:
    """Open it for reading; takes no lock, so that it can be asked beside a running manager."""
    path = db.sqlite_file(settings.database)
    if path is not None and not path.exists():
        return DatabaseFacts((fail(_NAME, "there is no database yet", "run `clawbot migrate`"),))
    try:
        async with db.connected(settings.database):
            await db.require_migrated()
            await check_keys(settings.secret_keys)
            return DatabaseFacts(
                checks=(ok(_NAME, _described(settings)),),
                mark=await known_mark(),
                heartbeats={one.part: one.at for one in await Heartbeat.all()},
                agents=await Agent.all().count(),
            )
    except SettingError as error:
        line, _, cure = str(error).partition(": ")
        return DatabaseFacts((fail("secret keys" if "SECRET_KEYS" in line else _NAME, line, cure),))
    except OperatorError as error:
        line, _, cure = str(error).rpartition(": ")
        return DatabaseFacts((fail(_NAME, line, cure),))


def _described(settings: Settings) -> str:
    path = db.sqlite_file(settings.database)
    if path is None:
        return "PostgreSQL answers, migrated"
    holder = holder_of(path)
    return f"{path}, migrated, " + (f"used by process {holder.pid} (clawbot {holder.purpose})" if holder else "unused")
