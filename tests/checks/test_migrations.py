"""The migrations and the models agree, and no migration loses anything of a populated database."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.rows import one_row_each
from pydantic import SecretStr
from tortoise.connection import get_connection
from tortoise.context import require_context
from tortoise.exceptions import IntegrityError
from tortoise.migrations.autodetector import MigrationAutodetector

import models
from manager_bot.vault import Vault, new_key
from models import User
from models import database as db

ROOT = Path(models.__file__).parent / "migrations"
ADDITION = """
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [("models", "{before}")]
    operations = [ops.AddField(model_name="User", name="nickname", field=fields.CharField(max_length=9, null=True))]
"""
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgresql": "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
}
INDEXES = {
    "sqlite": "SELECT tbl_name || ' ' || name AS name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT tablename || ' ' || indexname AS name FROM pg_indexes WHERE schemaname = 'public'",
}


@pytest.fixture
def vault() -> Vault:
    return Vault([SecretStr(new_key())])


@pytest.fixture
def longer_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Our migrations and one more, as the next release will have."""
    package = tmp_path / "history" / "next_migrations"
    shutil.copytree(ROOT, package, ignore=shutil.ignore_patterns("__pycache__"))
    last = max(one.stem for one in package.glob("0*.py"))
    (package / "9999_nickname.py").write_text(ADDITION.format(before=last))
    monkeypatch.syspath_prepend(package.parent)
    yield package.name
    for name in [one for one in sys.modules if one.startswith(package.name)]:
        del sys.modules[name]


async def names(query: str) -> set[str]:
    _, rows = await get_connection("default").execute_query(query)
    return {row["name"] for row in rows}


async def counts(engine: str) -> dict[str, int]:
    found = {}
    for table in await names(TABLES[engine]):
        _, rows = await get_connection("default").execute_query(f'SELECT count(*) AS n FROM "{table}"')  # noqa: S608
        found[table] = rows[0]["n"]
    return found


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_the_models_have_not_drifted_from_the_migrations(database: str):
    apps = require_context().apps
    assert apps is not None
    changes = await MigrationAutodetector(apps, db.orm_config(database)["apps"]).changes()
    assert [writer.operations for writer in changes] == [], "run `make migration NAME=what_it_does`"


async def test_migrating_an_empty_database_makes_every_table_and_twice_changes_nothing(
    empty_database_url: str, engine: str
):
    assert "0001_initial" in await db.migrate(empty_database_url)
    assert await db.migrate(empty_database_url) == []
    async with db.connected(empty_database_url):
        assert not await db.pending()
        mentioned = {getattr(models, name)._meta.db_table for name in models.__all__ if _is_model(name)}
        assert mentioned <= await names(TABLES[engine])


async def test_the_next_migration_keeps_every_row_index_and_constraint(
    database_url: str, engine: str, longer_history: str, vault: Vault
):
    async with db.connected(database_url):
        await one_row_each(vault)
        before, indexes = await counts(engine), await names(INDEXES[engine])
        assert min(before.values()) > 0, f"a table without a row proves nothing: {before}"

    assert await db.migrate(database_url, longer_history) == ["9999_nickname"]

    async with db.connected(database_url, longer_history):
        after = await counts(engine)
        assert {**after, "tortoise_migrations": 0} == {**before, "tortoise_migrations": 0}
        assert await names(INDEXES[engine]) >= indexes
        assert (await User.get()).github_id == "1"
        with pytest.raises(IntegrityError):
            await User.create(telegram_id=11, name="Ann again")
        with pytest.raises(IntegrityError):
            await User.all().delete()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_sqlite_is_copied_before_it_is_changed(database_url: str, longer_history: str, tmp_path: Path):
    async with db.connected(database_url):
        await User.create(telegram_id=1, name="Ann")
    await db.migrate(database_url, longer_history)

    copy = tmp_path / "clawbot.db.before-9999_nickname"
    assert copy.stat().st_mode & 0o777 == 0o600
    async with db.connected(db.sqlite_url(copy)):
        assert (await User.get()).name == "Ann"
        assert not await db.pending()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_first_migration_leaves_no_copy(empty_database_url: str, tmp_path: Path):
    await db.migrate(empty_database_url)
    assert not (tmp_path / "new.db.before-0001_initial").exists()


def _is_model(name: str) -> bool:
    return hasattr(getattr(models, name), "_meta")
