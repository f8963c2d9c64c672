"""A wrong or missing setting is one line that names it, and never shows its value."""

from __future__ import annotations

import pytest
from fixtures.settings import MakeSettings
from pydantic import SecretStr

from manager_bot.config import load_settings
from manager_bot.errors import SettingError

NEEDED = {"CLAWBOT_BOT_TOKEN": "1:t", "CLAWBOT_GEMINI_API_KEY": "g", "CLAWBOT_SECRET_KEYS": "k"}


@pytest.fixture
def environment(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_a_missing_setting(environment: pytest.MonkeyPatch, name: str):
    environment.delenv(name)
    with pytest.raises(SettingError, match=f"^{name} is missing: set it in .env"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLAWBOT_ADMIN_IDS", "12,peekaboo"),
        ("CLAWBOT_AGENT_PORTS", "peekaboo"),
        ("CLAWBOT_AGENT_PORTS", "80-90"),
        ("CLAWBOT_AGENT_PORTS", "9050-9000"),
        ("CLAWBOT_AGENT_SUBNET", "172.30.0.1/24"),
        ("CLAWBOT_AGENT_SUBNET", "172.30.0.0/32"),
        ("CLAWBOT_GATEWAY_PORT", "70000"),
        ("CLAWBOT_LOG_FORMAT", "peekaboo"),
        ("CLAWBOT_MEMORY_OVERCOMMIT", "0"),
        ("CLAWBOT_NAME_PREFIX", "Peekaboo!"),
        ("CLAWBOT_TELEGRAM_API_ROOT", "peekaboo"),
    ],
)
def test_a_wrong_setting(environment: pytest.MonkeyPatch, name: str, value: str):
    environment.setenv(name, value)
    with pytest.raises(SettingError) as refused:
        load_settings()
    line = str(refused.value)
    assert line.startswith(f"{name} is wrong: ")
    assert line.endswith("(see .env.example)")
    assert "\n" not in line
    assert "peekaboo" not in line.lower()


def test_lists_and_ranges_are_read_as_people_write_them(environment: pytest.MonkeyPatch):
    environment.setenv("CLAWBOT_ADMIN_IDS", " 12, 34 ,")
    environment.setenv("CLAWBOT_SECRET_KEYS", "new , old")
    environment.setenv("CLAWBOT_AGENT_PORTS", "9100")
    environment.setenv("CLAWBOT_TELEGRAM_API_ROOT", "http://127.0.0.1:8081/")
    settings = load_settings()
    assert settings.admin_ids == (12, 34)
    assert settings.secret_keys == (SecretStr("new"), SecretStr("old"))
    assert settings.agent_ports == (9100, 9100)
    assert settings.telegram_api_root == "http://127.0.0.1:8081"


def test_the_gateway_listens_where_only_agents_reach_it(make_settings: MakeSettings):
    assert make_settings(agent_subnet="172.31.5.0/24").gateway_address == "172.31.5.1"


def test_no_secret_shows_when_settings_are_printed(make_settings: MakeSettings):
    settings = make_settings(bot_token=SecretStr("1000:peekaboo"))
    assert "peekaboo" not in repr(settings) + str(settings.model_dump())
