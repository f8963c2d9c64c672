"""SQLite's short transactions on the loop: together, apart from Tortoise's, and never waiting for anybody there."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import copy_context
from pathlib import Path

import pytest
from tortoise.transactions import in_transaction

from models import User
from models.database import sqlite_file
from models.lane import CHECKPOINT_AFTER
from models.statements import Work, begin, select, transact

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
_ADD = "UPDATE users SET card_revision = card_revision + $1 WHERE id = $2 RETURNING card_revision"


def _add(user_id: int, *, then_fail: bool = False) -> Work[int]:
    rows = yield _ADD, (1, user_id)
    if then_fail:
        yield "UPDATE users SET no_such_column = $1", (1,)
    return int(rows[0]["card_revision"])


async def _revision(user: User) -> int:
    await user.refresh_from_db()
    return user.card_revision


@asynccontextmanager
async def _locked_by_somebody_else(path: Path) -> AsyncIterator[None]:
    """Another connection holds the write lock."""
    other = await asyncio.to_thread(sqlite3.connect, path, isolation_level=None, check_same_thread=False)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("COMMIT")
    finally:
        other.close()


async def test_of_many_at_one_moment_only_the_one_that_fails_is_undone(database: str) -> None:
    user = await User.create(telegram_id=1, name="Ann")
    await transact(_add(user.id))
    works = [transact(_add(user.id, then_fail=number == 3)) for number in range(8)]
    found = await asyncio.gather(*works, return_exceptions=True)
    assert [one for one in found if isinstance(one, int)] == [2, 3, 4, 5, 6, 7, 8]
    assert isinstance(found[3], sqlite3.OperationalError)
    assert await _revision(user) == 8


async def test_it_waits_for_a_transaction_of_tortoise_and_neither_is_lost(database: str) -> None:
    user = await User.create(telegram_id=1, name="Ann")
    assert await transact(_add(user.id)) == 1
    begun = asyncio.Event()

    async def add_meanwhile() -> int:
        await begun.wait()
        return await transact(_add(user.id))

    other = asyncio.create_task(add_meanwhile())
    async with in_transaction():
        mine = await User.get(id=user.id)
        begun.set()
        await asyncio.sleep(0.05)
        assert not other.done()
        await User.filter(id=user.id).update(card_revision=mine.card_revision + 10)
    assert await other == 12


async def test_one_that_comes_alone_is_done_at_once_unless_it_must_wait(database: str) -> None:
    user = await User.create(telegram_id=1, name="Ann")
    await transact(_add(user.id))
    assert begin(_add(user.id), alone=True).result() == 2
    failed = begin(_add(user.id, then_fail=True), alone=True)
    assert isinstance(failed.exception(), sqlite3.OperationalError)
    outside = copy_context()
    async with in_transaction():
        await User.filter(id=user.id).update(name="Anna")
        waiting = outside.run(lambda: begin(_add(user.id), alone=True))
        assert not waiting.done()
    assert await waiting == 3
    assert await _revision(user) == 3


async def test_a_database_locked_by_somebody_else_delays_the_caller_and_not_the_loop(database: str) -> None:
    user = await User.create(telegram_id=1, name="Ann")
    await transact(_add(user.id))
    path = sqlite_file(database)
    assert path is not None
    async with _locked_by_somebody_else(path):
        waiting = asyncio.create_task(transact(_add(user.id)))
        longest, end = 0.0, time.monotonic() + 0.5
        while (before := time.monotonic()) < end:
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)
        assert not waiting.done()
        assert (await select("SELECT card_revision FROM users WHERE id = $1", user.id))[0]["card_revision"] == 1
    assert await waiting == 2
    assert longest < 0.3


async def test_its_log_does_not_grow_for_ever(database: str) -> None:
    user = await User.create(telegram_id=1, name="Ann")
    path = sqlite_file(database)
    assert path is not None
    log = path.with_name(f"{path.name}-wal")
    sizes = []
    for _ in range(4):
        for _ in range(CHECKPOINT_AFTER):
            await transact(_add(user.id))
        sizes.append((await asyncio.to_thread(log.stat)).st_size)
    assert max(sizes) <= 1.5 * sizes[0], sizes
    assert await _revision(user) == 4 * CHECKPOINT_AFTER


async def test_what_was_committed_is_there_for_another_process_at_once(database: str) -> None:
    user = await User.create(telegram_id=1, name="Ann")
    path = sqlite_file(database)
    assert path is not None
    assert await asyncio.gather(*(transact(_add(user.id)) for _ in range(5))) == [1, 2, 3, 4, 5]

    def look() -> int:
        with sqlite3.connect(path) as other:
            found = other.execute("SELECT card_revision FROM users").fetchone()[0]
        other.close()
        return int(found)

    assert await asyncio.to_thread(look) == 5
