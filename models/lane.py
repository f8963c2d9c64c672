"""SQLite's short transactions, run where they are asked for instead of in a thread.

A commit in WAL mode is a write to the page cache, some fifty microseconds; handing it to a thread costs several times
that, and under load up to five milliseconds a statement, for which the thread waits to get the interpreter back. So the
loop runs them itself, on a connection beside Tortoise's, all that are asked for at one moment in one transaction. What
could make the loop wait is left to Tortoise's thread: a database that somebody else locked, and the checkpoint, which
alone waits for the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from tortoise.backends.sqlite.client import SqliteClient

T = TypeVar("T")
Rows: TypeAlias = Sequence[Mapping[str, Any]]
Work: TypeAlias = Generator[tuple[str, Sequence[object]], Rows, T]
"""Yields a statement with its values and gets the rows it returned. Parameters are PostgreSQL's: ``$1``, ``$2`` …"""
Outcome: TypeAlias = tuple[Any, Exception | None]
"""What a work returned, or why it was undone."""
_Batch: TypeAlias = list[tuple[Work[Any], "asyncio.Future[Any]"]]

CHECKPOINT_AFTER: Final = 400
"""Transactions after which the log is folded into the database: about ten megabytes of it."""
_PRAGMAS: Final = (
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "busy_timeout=0",
    "wal_autocheckpoint=0",
    "temp_store=MEMORY",
)
"""In a file, what RETURNING gathers would cost as much as the rest of its statement."""


@dataclass(slots=True)
class Lane:
    """The short transactions of one database, in order of arrival; never beside a transaction of Tortoise's.

    Tortoise's own lock is what keeps the two apart: its transactions take the write lock only with their first write.
    """

    client: SqliteClient
    _connection: sqlite3.Connection | None = None
    _waiting: _Batch = field(default_factory=list)
    _slow: asyncio.Task[None] | None = None
    _since_checkpoint: int = 0

    def begin(self, work: Work[T], *, alone: bool = False) -> asyncio.Future[T]:
        """*work* in a transaction of its own, committed when the future is done; an error undoes it, and only it.

        *alone* says that no other is to be expected at this moment: it is run at once, and the future is done already
        unless it must wait. One that is cancelled before its turn undoes nothing, for nothing is done then.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((work, future))
        if len(self._waiting) == 1 and self._slow is None:
            if alone:
                self._flush()
            else:
                loop.call_soon(self._flush)
        return future

    def read(self, statement: str, values: Sequence[object]) -> Rows | None:
        """The rows of a query, or ``None`` where only a thread may ask: nothing is open yet, or somebody locks it."""
        if self._connection is None:
            return None
        try:
            return self._connection.execute(dialect(statement), tuple(values)).fetchall()
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                return None
            raise

    async def close(self) -> None:
        """Nothing is waiting any more."""
        if self._slow is not None:
            await asyncio.wait({self._slow})
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _flush(self) -> None:
        """Everything asked for since the last time, on the loop if nobody need be waited for."""
        if self._slow is not None:
            return
        due = self._connection is None or self._since_checkpoint >= CHECKPOINT_AFTER
        if due or self.client._lock.locked() or not self._try():  # noqa: SLF001 - the lock of its transactions
            self._slow = asyncio.ensure_future(self._wait_and_run())

    def _try(self) -> bool:
        """Run what waits on the loop; false where somebody else locks the database."""
        assert self._connection is not None  # noqa: S101 - for the type checker
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                return False
            batch = self._take()
            _settle(batch, [(None, error)] * len(batch))
            return True
        batch = self._take()
        _settle(batch, finish(self._connection, [work for work, _ in batch]))
        self._since_checkpoint += 1
        return True

    def _take(self) -> _Batch:
        """What waits, without those whose caller has gone."""
        batch = [one for one in self._waiting if not one[1].done()]
        self._waiting.clear()
        return batch

    async def _wait_and_run(self) -> None:
        """In Tortoise's turn, on its thread where it may have to wait."""
        batch: _Batch = []
        try:
            async with self.client.acquire_connection() as connection:
                if self._connection is None:
                    self._connection = await asyncio.to_thread(_connect, self.client.filename)
                elif self._since_checkpoint >= CHECKPOINT_AFTER:
                    await connection.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")
                    self._since_checkpoint = 0
                if not self._try():
                    batch = self._take()
                    works = [work for work, _ in batch]
                    _settle(batch, await connection._execute(_in_thread, connection._conn, works))  # noqa: SLF001
        except Exception as error:
            batch = batch or self._take()
            _settle(batch, [(None, error)] * len(batch))
        finally:
            self._slow = None
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._flush)


_LANES: Final[WeakKeyDictionary[SqliteClient, Lane]] = WeakKeyDictionary()


def lane_of(client: SqliteClient) -> Lane:
    """The lane of Tortoise's *client*."""
    lane = _LANES.get(client)
    if lane is None:
        lane = _LANES[client] = Lane(client)
    return lane


async def close_lane(client: object) -> None:
    """Before Tortoise closes its own connection."""
    if isinstance(client, SqliteClient) and (lane := _LANES.pop(client, None)) is not None:
        await lane.close()


def dialect(statement: str) -> str:
    """SQLite's names for parameters."""
    return statement.replace("$", "?")


def finish(connection: sqlite3.Connection, works: Sequence[Work[Any]]) -> list[Outcome]:
    """All *works* in the transaction that stands open, and its end; one that fails is undone alone.

    An error that ends the transaction itself (a full disk) undoes them all, and so does a commit that fails.
    """
    try:
        outcomes = [_step(connection, work, alone=len(works) == 1) for work in works]
        connection.execute("COMMIT")
    except Exception as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return [(None, error)] * len(works)
    return outcomes


def _step(connection: sqlite3.Connection, work: Work[Any], *, alone: bool) -> Outcome:
    if alone:
        return _result(connection, work), None
    connection.execute("SAVEPOINT work")
    try:
        value = _result(connection, work)
    except Exception as error:
        if not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO work")
        connection.execute("RELEASE work")
        return None, error
    connection.execute("RELEASE work")
    return value, None


def _result(connection: sqlite3.Connection, work: Work[T]) -> T:
    try:
        statement, values = next(work)
        while True:
            statement, values = work.send(connection.execute(dialect(statement), tuple(values)).fetchall())
    except StopIteration as end:
        result: T = end.value
        return result


def _in_thread(connection: sqlite3.Connection, works: Sequence[Work[Any]]) -> list[Outcome]:
    """With Tortoise's patience for somebody else's lock."""
    connection.execute("BEGIN IMMEDIATE")
    return finish(connection, works)


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
    connection.row_factory = sqlite3.Row
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _settle(batch: _Batch, outcomes: Sequence[Outcome]) -> None:
    for (_, future), (value, error) in zip(batch, outcomes, strict=True):
        if future.done():
            continue
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
