"""Several statements in one transaction, with as few steps between tasks and threads as the database allows.

Tortoise sends each statement of an SQLite transaction to the connection's thread by itself, BEGIN and COMMIT too: a
transaction of two statements is five changes of threads, about a tenth of a millisecond of CPU each. What stands in
the way of every call of an agent is therefore written as a generator, which :mod:`models.lane` runs in one go.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from tortoise.backends.sqlite.client import SqliteClient
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from models.lane import Rows, Work, dialect, lane_of

T = TypeVar("T")
__all__ = ["Rows", "Work", "begin", "is_sqlite", "select", "transact"]


def begin(work: Work[T], *, alone: bool = False) -> asyncio.Future[T]:
    """Do *work* in a transaction of its own; the future brings what it returns, and an error undoes all of it.

    It goes to its end by itself: who must not lose the outcome awaits it shielded. Not to be called inside another
    transaction: on SQLite there is one at a time. Where none is to be expected beside it (*alone*), SQLite does it at
    once.
    """
    client = get_connection("default")
    if isinstance(client, SqliteClient):
        return lane_of(client).begin(work, alone=alone)
    return asyncio.ensure_future(_in_one(work))


async def transact(work: Work[T]) -> T:
    """:func:`begin`, and wait for it. Whoever is cancelled meanwhile finds all of it done, or nothing."""
    return await begin(work)


async def select(statement: str, *values: object) -> Rows:
    """The rows of one query, as they were committed; not to be called inside a transaction."""
    client = get_connection("default")
    if isinstance(client, SqliteClient):
        rows = lane_of(client).read(statement, values)
        if rows is not None:
            return rows
        statement = dialect(statement)
    return await client.execute_query_dict(statement, list(values))


async def _in_one(work: Work[T]) -> T:
    async with in_transaction() as connection:
        return await _step_by_step(connection.execute_query_dict, work)


async def _step_by_step(ask: Any, work: Work[T]) -> T:
    try:
        statement, values = next(work)
        while True:
            statement, values = work.send(await ask(statement, list(values)))
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # what a generator returns is untyped here


def is_sqlite() -> bool:
    """Whether the database is the embedded one."""
    return bool(get_connection("default").capabilities.dialect == "sqlite")
