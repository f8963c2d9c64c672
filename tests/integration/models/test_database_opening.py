"""Opening the database: what an operator meets on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from manager_bot.errors import SettingError
from models import User
from models import database as db


async def test_a_migrated_database_opens_and_keeps_what_is_written(database_url: str):
    async with db.open_database(database_url, "run"):
        await User.create(telegram_id=1, name="Ann")
    async with db.open_database(database_url, "run"):
        assert (await User.get()).name == "Ann"


async def test_an_empty_database_is_refused_with_the_cure(empty_database_url: str):
    with pytest.raises(db.NotMigrated, match="run `clawbot migrate`"):
        async with db.open_database(empty_database_url, "run"):
            pass


async def test_refusing_a_missing_file_does_not_make_it(tmp_path: Path):
    with pytest.raises(db.NotMigrated):
        async with db.open_database(db.sqlite_url(tmp_path / "x" / "clawbot.db"), "run"):
            pass
    assert not (tmp_path / "x").exists()


async def test_a_database_of_a_newer_clawbot_is_refused(database_url: str):
    async with db.connected(database_url):
        await db.get_connection("default").execute_script(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('models', '9999_later', '2026-01-01')"
        )
        with pytest.raises(db.NotMigrated, match="newer than this ClawBot \\(9999_later\\)"):
            await db.require_migrated()


async def test_a_database_that_does_not_answer_is_one_line_without_the_password(free_port: int):
    with pytest.raises(db.DatabaseUnreachable) as refused:
        async with db.connected(f"postgres://clawbot:hunter2hunter2@127.0.0.1:{free_port}/clawbot"):
            pass
    assert "CLAWBOT_DATABASE_URL" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("url", ["mongodb://x/y", "nonsense", "postgres://a:b@c:notaport/d"])
async def test_a_wrong_address_is_a_setting_error(url: str):
    with pytest.raises(SettingError, match="CLAWBOT_DATABASE_URL is wrong"):
        async with db.connected(url):
            pass
