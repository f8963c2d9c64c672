"""`.env.example` names every setting, explains each, and shows its true default."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.settings import MakeSettings

from manager_bot.config import PREFIX, Settings, load_settings

EXAMPLE = Path(__file__).parents[3] / ".env.example"
TO_FILL_IN = {"bot_token": "1000:t", "gemini_api_key": "g", "secret_keys": ("k",)}


def lines() -> list[str]:
    return EXAMPLE.read_text().splitlines()


def named() -> dict[str, str]:
    pairs = [line.split("=", 1) for line in lines() if line and not line.startswith("#")]
    assert len({name for name, _ in pairs}) == len(pairs), "a setting stands there twice"
    return dict(pairs)


def test_every_setting_stands_in_it_and_nothing_else():
    assert set(named()) == {PREFIX + field.upper() for field in Settings.model_fields}


def test_every_setting_is_explained_in_the_line_above():
    every = lines()
    for number, line in enumerate(every):
        if line.startswith(PREFIX):
            assert every[number - 1].startswith("# "), f"{line} has no explanation"


def test_what_it_shows_is_what_happens_without_it(make_settings: MakeSettings):
    shown = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in named().items()
        if value and name.removeprefix(PREFIX).lower() not in TO_FILL_IN
    }
    plain = load_settings(**TO_FILL_IN)
    assert load_settings(**TO_FILL_IN, **shown) == plain


@pytest.mark.parametrize("field", sorted(TO_FILL_IN))
def test_what_it_leaves_empty_and_needs_is_asked_for(field: str, make_settings: MakeSettings):
    assert named()[PREFIX + field.upper()] == ""
    assert Settings.model_fields[field].is_required()
