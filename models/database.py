"""Opening, migrating and closing the database."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException, ConfigurationError
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor import BaseSchemaEditor, SqliteSchemaEditor
from tortoise.transactions import in_transaction

from manager_bot.errors import OperatorError, SettingError
from manager_bot.failpoints import reach
from models.lane import close_lane
from models.writer_lock import writer_lock

MIGRATIONS = "models.migrations"

_APP = "models"
_CONNECT_SECONDS = 10
_MIGRATING = 0x636C6177  # "claw": the number of PostgreSQL's advisory lock


class DatabaseUnreachable(OperatorError):
    """Nothing answers at the database's address, or it refuses us."""


class NotMigrated(OperatorError):
    """The tables are not those this program was written for."""


def orm_config(url: str, migrations: str = MIGRATIONS) -> dict[str, Any]:
    """Tortoise's configuration for *url* (``sqlite:///…`` or ``postgres://…``)."""
    return {
        "connections": {"default": url},
        "apps": {_APP: {"models": ["models"], "default_connection": "default", "migrations": migrations}},
        "use_tz": True,
        "timezone": "UTC",
    }


TORTOISE_ORM = orm_config("sqlite://:memory:")
"""For ``make migration`` alone, which compares models with migrations and opens no database."""


def sqlite_url(path: Path) -> str:
    """The URL of an embedded database file: WAL, a commit is durable against a crash of the process."""
    return f"sqlite://{path}?journal_mode=WAL&synchronous=NORMAL&busy_timeout=5000&foreign_keys=ON"


def sqlite_file(url: str) -> Path | None:
    """The file behind an SQLite URL; nothing for PostgreSQL."""
    _check_shape(url)
    if not url.startswith("sqlite://"):
        return None
    return Path(expand_db_url(url)["credentials"]["file_path"]).absolute()


@contextmanager
def sole_writer(url: str, purpose: str) -> Iterator[None]:
    """On SQLite, be the one writing process (see :mod:`models.writer_lock`); PostgreSQL admits many."""
    path = sqlite_file(url)
    if path is None:
        yield
        return
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise DatabaseUnreachable(f"{path.parent} cannot be made ({error.strerror}): set CLAWBOT_DATA_DIR") from None
    with writer_lock(path, purpose):
        yield


@asynccontextmanager
async def connected(url: str, migrations: str = MIGRATIONS) -> AsyncIterator[None]:
    """Tortoise is set up for *url* and the database answers; connections are closed at the end.

    Enter it in the main coroutine before any task is made: tasks inherit the set-up. Takes no lock and looks at no
    table; raises :class:`DatabaseUnreachable`.
    """
    _check_shape(url)
    async with TortoiseContext() as context:
        await context.init(config=orm_config(url, migrations))
        await _answers()
        try:
            yield
        finally:
            await close_lane(get_connection("default"))


@asynccontextmanager
async def open_database(url: str, purpose: str) -> AsyncIterator[None]:
    """The migrated database, for writing, until the block ends: what every writing command runs in.

    *purpose* (``run``, ``rotate-keys`` …) is told to a second writer. Raises :class:`NotMigrated`,
    :class:`DatabaseUnreachable`, and :class:`~models.writer_lock.DatabaseInUse` on SQLite.
    """
    path = sqlite_file(url)
    if path is not None and not path.exists():
        raise NotMigrated("there is no database yet: run `clawbot migrate`")
    with sole_writer(url, purpose):
        async with connected(url):
            await require_migrated()
            yield


async def pending(migrations: str = MIGRATIONS) -> list[str]:
    """The names of the migrations this database still needs, in order; raises NotMigrated if it is newer than us."""
    executor = _executor(migrations)
    plan = await executor.plan()
    unknown = set(await executor.recorder.applied_migrations()) - set(executor.loader.graph.nodes)
    if unknown:
        names = ", ".join(sorted(key.name for key in unknown if key.app_label == _APP))
        raise NotMigrated(f"the database is newer than this ClawBot ({names}): install the ClawBot that migrated it")
    return [step.migration.name for step in plan]


async def require_migrated() -> None:
    """Return if the connected database has our tables; raises :class:`NotMigrated` with the cure."""
    if await pending():
        raise NotMigrated("the database is not migrated: run `clawbot migrate`")


async def migrate(url: str, migrations: str = MIGRATIONS) -> list[str]:
    """Bring the database up to date; the names of what was applied.

    One at a time: the writer lock on SQLite, an advisory lock on PostgreSQL. An SQLite file that holds tables
    already is copied beside itself first.
    """
    with sole_writer(url, "migrate"):
        async with connected(url, migrations), _alone(url):
            names = await pending(migrations)
            if not names:
                return []
            executor = _executor(migrations)
            path = sqlite_file(url)
            if path is not None and await executor.recorder.applied_migrations():
                await asyncio.to_thread(_copy_before, path, names[0])
            await _apply(executor)
            return names


# -- parts ------------------------------------------------------------------------------------------


class _PlainSqliteEditor(SqliteSchemaEditor):
    """Writes no comments: SQLite keeps none, and Tortoise cuts a statement in two at a semicolon inside one."""

    def _get_table_comment_sql(self, table: str, comment: str) -> str:  # noqa: ARG002 - Tortoise's signature
        return ""

    def _get_column_comment_sql(self, table: str, column: str, comment: str) -> str:  # noqa: ARG002 - the same
        return ""


class _NoteTaker(MigrationRecorder):
    """Its own table stands already: making it would end the transaction (SQLite's ``executescript`` commits)."""

    async def ensure_schema(self, schema_editor: BaseSchemaEditor) -> None:
        """Nothing to do."""


class _Executor(MigrationExecutor):
    def _schema_editor(self, atomic: bool = True, collect_sql: bool = False) -> BaseSchemaEditor:
        editor = super()._schema_editor(atomic, collect_sql)
        if isinstance(editor, SqliteSchemaEditor):
            return _PlainSqliteEditor(self.connection, atomic=atomic, collect_sql=collect_sql)
        return editor


def _executor(migrations: str) -> MigrationExecutor:
    return _Executor(get_connection("default"), orm_config("", migrations)["apps"])


def _check_shape(url: str) -> None:
    """Raises :class:`SettingError`, and never shows the address: it may hold a password."""
    with contextlib.suppress(ConfigurationError, ValueError):
        if url.startswith(("sqlite://", "postgres://", "asyncpg://")):
            expand_db_url(url)
            return
    raise SettingError(
        "CLAWBOT_DATABASE_URL is wrong: sqlite:///absolute/path or postgres://user:password@host:5432/name"
    )


async def _apply(executor: MigrationExecutor) -> None:
    """All pending migrations and the note of each, in one transaction.

    Tortoise commits a migration before it notes it; a crash between the two would leave tables that the next try
    stumbles over.
    """
    await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))  # noqa: SLF001
    async with in_transaction() as transaction:
        inside = _Executor(transaction, executor.loader.apps_config)
        inside.recorder = inside.loader.recorder = _NoteTaker(transaction)
        await inside.migrate(direction="forward")
        reach("migrate.applied")


async def _answers() -> None:
    """Raises :class:`DatabaseUnreachable` unless a query comes back."""
    refusals: tuple[type[Exception], ...] = (BaseORMException, OSError, sqlite3.Error, *_refusals())
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await get_connection("default").execute_query("SELECT 1")
    except TimeoutError:
        reason = f"no answer within {_CONNECT_SECONDS} s"
    except refusals as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    else:
        return
    raise DatabaseUnreachable(f"the database does not answer ({reason}): check CLAWBOT_DATABASE_URL")


def _refusals() -> tuple[type[Exception], ...]:
    """What PostgreSQL's driver raises; it is not loaded for SQLite."""
    if isinstance(get_connection("default"), SqliteClient):
        return ()
    import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415 - it ships no types

    return asyncpg.PostgresError, asyncpg.InterfaceError


@asynccontextmanager
async def _alone(url: str) -> AsyncIterator[None]:
    """Only one process migrates a PostgreSQL database at a time; a second waits, then finds nothing to do."""
    if sqlite_file(url) is not None:
        yield
        return
    import asyncpg  # noqa: PLC0415 - see _refusals

    known = expand_db_url(url)["credentials"]
    address = {name: known[name] for name in ("host", "port", "user", "password", "database", "ssl") if name in known}
    connection = await asyncpg.connect(**address)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATING)
        yield
    finally:
        await connection.close()


def _copy_before(path: Path, migration: str) -> None:
    """``clawbot.db.before-<migration>``, readable by us alone; SQLite's own backup, so that the WAL is in it."""
    target = path.with_name(f"{path.name}.before-{migration}")
    target.unlink(missing_ok=True)
    target.touch(mode=0o600)
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
