"""Several statements in one transaction, with as few steps between tasks and threads as the database allows.

Tortoise sends each statement of an SQLite transaction to the connection's thread by itself, BEGIN and COMMIT too: a
transaction of two statements is five changes of threads, about a tenth of a millisecond of CPU each. What stands in
the way of every call of an agent is therefore written as a generator, which SQLite's thread runs in one go.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

T = TypeVar("T")
Rows: TypeAlias = Sequence[Mapping[str, Any]]
Work: TypeAlias = Generator[tuple[str, Sequence[object]], Rows, T]
"""Yields a statement with its values and gets the rows it returned. Parameters are PostgreSQL's: ``$1``, ``$2`` …"""


async def transact(work: Work[T]) -> T:
    """Do *work* in a transaction of its own and return what it returns; an error undoes all of it.

    Not to be called inside another transaction: on SQLite there is one at a time.
    """
    client = get_connection("default")
    if client.capabilities.dialect != "sqlite":
        async with in_transaction() as connection:
            return await _step_by_step(connection.execute_query_dict, work)
    async with client.acquire_connection() as connection:
        result: T = await connection._execute(_at_once, connection._conn, work)  # noqa: SLF001 - the one way there
        return result


async def select(statement: str, *values: object) -> Rows:
    """The rows of one query."""
    client = get_connection("default")
    if client.capabilities.dialect == "sqlite":
        statement = statement.replace("$", "?")
    return await client.execute_query_dict(statement, list(values))


async def _step_by_step(ask: Any, work: Work[T]) -> T:
    try:
        statement, values = next(work)
        while True:
            statement, values = work.send(await ask(statement, list(values)))
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # what a generator returns is untyped here


def _at_once(connection: sqlite3.Connection, work: Work[T]) -> T:
    """In SQLite's thread, whose lock is held: nobody else's statement comes between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        try:
            statement, values = next(work)
            while True:
                rows = connection.execute(statement.replace("$", "?"), tuple(values)).fetchall()
                statement, values = work.send(rows)
        except StopIteration as end:
            result: T = end.value
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def is_sqlite() -> bool:
    """Whether the database is the embedded one."""
    return bool(get_connection("default").capabilities.dialect == "sqlite")
