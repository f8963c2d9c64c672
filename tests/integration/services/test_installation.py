"""One installation has one mark, whoever starts first."""

from __future__ import annotations

import asyncio
import re

import pytest

from manager_bot.services.installation import installation_mark, known_mark
from models import Installation


async def test_the_mark_is_made_once_and_kept(database: str):
    assert await known_mark() is None
    mark = await installation_mark()
    assert re.fullmatch(r"[0-9a-f]{12}", mark)
    assert await installation_mark() == await known_mark() == mark


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_many_who_start_at_the_same_moment_agree(database: str):
    marks = await asyncio.gather(*(installation_mark() for _ in range(20)))
    assert len(set(marks)) == 1
    assert await Installation.all().count() == 1
