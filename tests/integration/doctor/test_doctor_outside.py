"""Settings, Telegram and Gemini: each check once standing and once failing, over real HTTP."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from findings import assert_fails, by_name, changed
from fixtures.settings import MakeSettings
from pydantic import SecretStr

from manager_bot.config import Settings
from manager_bot.demo.client import WorldClient
from manager_bot.doctor import Verdict
from manager_bot.doctor.gemini import check_gemini
from manager_bot.doctor.settings import read_settings
from manager_bot.doctor.telegram import check_telegram
from manager_bot.vault import new_key


def test_a_missing_setting_is_named_and_nothing_else_is_asked(make_settings: MakeSettings):
    settings, found = read_settings()
    assert settings is None
    assert_fails(found[0], "CLAWBOT_BOT_TOKEN is missing", "set it in .env")


def test_a_wrong_key_is_named(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLAWBOT_BOT_TOKEN", "1:t")
    monkeypatch.setenv("CLAWBOT_GEMINI_API_KEY", "g")
    monkeypatch.setenv("CLAWBOT_SECRET_KEYS", "not-a-key")
    settings, found = read_settings()
    assert settings is None
    assert_fails(found[0], "CLAWBOT_SECRET_KEYS holds something that is not a key", "clawbot secret-key")


def test_nobody_to_alert_and_an_open_env_file_are_warnings(make_settings: MakeSettings, tmp_path: Path):
    env = tmp_path / ".env"
    env.write_text(f"CLAWBOT_BOT_TOKEN=1:t\nCLAWBOT_GEMINI_API_KEY=g\nCLAWBOT_SECRET_KEYS={new_key()}\n")
    env.chmod(0o644)
    settings, found = read_settings()
    assert settings is not None
    assert [(one.verdict, one.line) for one in found] == [
        (Verdict.WARN, ".env can be read by others on this host"),
        (Verdict.WARN, "valid, but nobody is an admin: no alert has a reader"),
    ]


async def test_telegram_stands(settings: Settings):
    async with aiohttp.ClientSession() as session:
        found = by_name(await check_telegram(session, settings))
    assert {check.verdict for check in found.values()} == {Verdict.OK}
    assert found["telegram"].line.startswith("@clawbot_manager_bot answers in")


async def test_an_unknown_token_fails(settings: Settings):
    wrong = changed(settings, bot_token=SecretStr("99999:" + "x" * 35))
    async with aiohttp.ClientSession() as session:
        (found,) = await check_telegram(session, wrong)
    assert_fails(found, "Telegram does not know CLAWBOT_BOT_TOKEN", "@BotFather")


async def test_an_unreachable_telegram_fails_without_the_token(settings: Settings, free_port: int):
    away = changed(settings, telegram_api_root=f"http://127.0.0.1:{free_port}")
    async with aiohttp.ClientSession() as session:
        (found,) = await check_telegram(session, away)
    line = f"http://127.0.0.1:{free_port} does not answer as Telegram does (ClientConnectorError)"
    assert_fails(found, line, "CLAWBOT_TELEGRAM_API_ROOT")
    assert settings.bot_token.get_secret_value() not in str(found)


async def test_html_instead_of_telegram_fails(settings: Settings, world: WorldClient):
    await world.fault("html")
    async with aiohttp.ClientSession() as session:
        found = await check_telegram(session, settings)
    assert found[0].verdict is Verdict.FAIL
    assert "does not answer as Telegram does" in found[0].line


async def test_a_bot_that_may_not_manage_bots_is_a_warning(settings: Settings, world: WorldClient):
    await world.change_bot("clawbot_manager_bot", can_manage_bots=False)
    async with aiohttp.ClientSession() as session:
        found = by_name(await check_telegram(session, settings))["managed bots"]
    assert found.verdict is Verdict.WARN
    assert "paste a token" in found.line


async def test_a_manager_with_a_webhook_fails(settings: Settings):
    address = f"{settings.telegram_api_root}/bot{settings.bot_token.get_secret_value()}/setWebhook"
    async with aiohttp.ClientSession() as session:
        async with session.post(address, data={"url": "https://example.org/hook"}) as answer:
            assert answer.status == 200
        found = by_name(await check_telegram(session, settings))["webhook"]
    line = "@clawbot_manager_bot delivers its updates to a webhook; the manager would hear nothing"
    assert_fails(found, line, "deleteWebhook")


async def test_gemini_stands_and_a_model_that_is_gone_fails(settings: Settings):
    gone = changed(settings, model_pro="gemini-2.0-pro-gone")
    async with aiohttp.ClientSession() as session:
        found = by_name(await check_gemini(session, gone))
    assert found["gemini lite"].verdict is found["gemini flash"].verdict is Verdict.OK
    assert_fails(found["gemini pro"], "there is no model gemini-2.0-pro-gone", "CLAWBOT_MODEL_PRO")


async def test_a_refused_gemini_key_fails_once(settings: Settings):
    wrong = changed(settings, gemini_api_key=SecretStr("AIza" + "x" * 35))
    async with aiohttp.ClientSession() as session:
        (found,) = await check_gemini(session, wrong)
    assert_fails(found, "Gemini refuses CLAWBOT_GEMINI_API_KEY (400)", "AI Studio")


async def test_an_unreachable_gemini_fails_once(settings: Settings, free_port: int):
    away = changed(settings, gemini_api_root=f"http://127.0.0.1:{free_port}")
    async with aiohttp.ClientSession() as session:
        (found,) = await check_gemini(session, away)
    line = f"http://127.0.0.1:{free_port} does not answer (ClientConnectorError)"
    assert_fails(found, line, "CLAWBOT_GEMINI_API_ROOT")
