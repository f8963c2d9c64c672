"""The database as ``doctor`` finds it, and the whole examination."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from findings import assert_fails, by_name, changed
from fixtures.rows import NOW, new_agent, new_user
from pydantic import SecretStr

from manager_bot.clock import SystemClock
from manager_bot.config import Settings
from manager_bot.doctor import Verdict, examine, show
from manager_bot.doctor.database import look_into_database
from manager_bot.services.installation import installation_mark
from manager_bot.vault import Vault, new_key
from models import Heartbeat
from models import database as db


async def test_no_database_yet_fails_and_none_is_made(settings: Settings, tmp_path: Path):
    (found,) = (await look_into_database(settings)).checks
    assert_fails(found, "there is no database yet", "clawbot migrate")
    assert not (tmp_path / "clawbot.db").exists()


async def test_an_unmigrated_database_fails(settings: Settings, empty_database_url: str):
    async with db.connected(empty_database_url):
        pass
    (found,) = (await look_into_database(changed(settings, database_url=empty_database_url))).checks
    assert_fails(found, "the database is not migrated", "clawbot migrate")


async def test_a_database_that_does_not_answer_fails(settings: Settings, free_port: int):
    away = changed(settings, database_url=f"postgres://c:password@127.0.0.1:{free_port}/c")
    (found,) = (await look_into_database(away)).checks
    assert found.verdict is Verdict.FAIL
    assert found.line.startswith("the database does not answer")


async def test_a_migrated_database_tells_what_it_knows(settings: Settings, database_url: str):
    async with db.connected(database_url):
        mark = await installation_mark()
        await Heartbeat.create(part="watchdog", at=NOW)
    facts = await look_into_database(changed(settings, database_url=database_url))
    assert [check.verdict for check in facts.checks] == [Verdict.OK]
    assert (facts.mark, facts.heartbeats) == (mark, {"watchdog": NOW})


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_it_can_be_asked_beside_a_running_manager(settings: Settings, database_url: str):
    async with db.open_database(database_url, "run"):
        (found,) = (await look_into_database(changed(settings, database_url=database_url))).checks
    assert found.verdict is Verdict.OK
    assert f"used by process {os.getpid()} (clawbot run)" in found.line


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_database_sealed_with_other_keys_fails(settings: Settings, database_url: str):
    async with db.connected(database_url):
        await new_agent(await new_user(), Vault([SecretStr(new_key())]))
    (found,) = (await look_into_database(changed(settings, database_url=database_url))).checks
    line = "CLAWBOT_SECRET_KEYS does not hold the key this database was sealed with"
    assert_fails(found, line, "put the old key back")


async def test_the_whole_examination_and_both_reports(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("bot_token", "gemini_api_key"):
        monkeypatch.setenv(f"CLAWBOT_{name.upper()}", getattr(settings, name).get_secret_value())
    monkeypatch.setenv("CLAWBOT_SECRET_KEYS", new_key())
    monkeypatch.setenv("CLAWBOT_TELEGRAM_API_ROOT", settings.telegram_api_root)
    monkeypatch.setenv("CLAWBOT_GEMINI_API_ROOT", settings.gemini_api_root)
    checks = await examine(SystemClock())

    found = by_name(checks)
    assert found["telegram"].verdict is found["gemini pro"].verdict is found["docker"].verdict is Verdict.OK
    assert found["database"].verdict is Verdict.FAIL

    assert show(checks, as_json=True) == 1
    machine = json.loads(capsys.readouterr().out)
    assert machine["ok"] is False
    assert {"name": "database", "verdict": "fail"}.items() <= machine["checks"][list(found).index("database")].items()

    assert show(checks, as_json=False) == 1
    people = capsys.readouterr().out
    assert "there is no database yet" in people
    assert "→ run `clawbot migrate`" in people
    assert show([check for check in checks if check.verdict is Verdict.OK], as_json=False) == 0
