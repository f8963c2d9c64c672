"""Several statements in one transaction, on both databases."""

from __future__ import annotations

import asyncio

import pytest

from models import User
from models.statements import Work, select, transact

_ADD = "UPDATE users SET card_revision = card_revision + $1 WHERE id = $2 RETURNING card_revision"


def _add(user_id: int, times: int, *, then_fail: bool = False) -> Work[int]:
    found = 0
    for _ in range(times):
        rows = yield _ADD, (1, user_id)
        found = int(rows[0]["card_revision"])
    if then_fail:
        raise ValueError("on purpose")
    return found


async def test_all_of_it_happens_or_nothing(database: str) -> None:
    user = await User.create(telegram_id=1, name="Ann")
    assert await transact(_add(user.id, 3)) == 3
    with pytest.raises(ValueError, match="on purpose"):
        await transact(_add(user.id, 3, then_fail=True))
    assert (await select("SELECT card_revision FROM users WHERE id = $1", user.id))[0]["card_revision"] == 3


async def test_many_at_once_lose_nothing_beside_the_orm(database: str) -> None:
    user = await User.create(telegram_id=1, name="Ann")
    other = [User.create(telegram_id=10 + number, name="Bob") for number in range(10)]
    await asyncio.gather(*(transact(_add(user.id, 2)) for _ in range(20)), *other)
    await user.refresh_from_db()
    assert user.card_revision == 40


async def test_a_caller_who_gives_up_leaves_no_transaction_open(database: str) -> None:
    user = await User.create(telegram_id=1, name="Ann")
    task = asyncio.create_task(transact(_add(user.id, 50)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    before = (await User.get(id=user.id)).card_revision
    assert before in {0, 50}
    assert await transact(_add(user.id, 1)) == before + 1
