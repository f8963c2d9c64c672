"""A real Chromium in front of the real web component, with the emulated GitHub behind it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fixtures.settings import MakeSettings
from fixtures.web_house import WebHouse, github_settings, open_web_house
from playwright.async_api import Browser, async_playwright

from manager_bot.demo.client import WorldClient

CHROMIUM = Path("/usr/bin/chromium")
HAS_CHROMIUM = CHROMIUM.exists()
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
VAR = Path(__file__).resolve().parents[3] / "var"
AXE_VERSION = "4.10.3"


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's source, from npm, kept under ``var``."""
    source = VAR / "axe" / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        assert shutil.which("npm"), "no npm: apt-get install -y npm"
        target = VAR / "axe"
        target.mkdir(parents=True, exist_ok=True)
        command = [
            "npm",
            "install",
            "--no-save",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(target),
        ]
        subprocess.run([*command, f"axe-core@{AXE_VERSION}"], check=True, capture_output=True, timeout=100)  # noqa: S603
    return source.read_text()


@pytest.fixture
def engine() -> str:
    """The pages do not care which database is behind them."""
    return "sqlite"


@pytest.fixture
async def house(
    world: WorldClient, database: str, make_settings: MakeSettings, free_port: int
) -> AsyncIterator[WebHouse]:
    settings = make_settings(**github_settings(world.root, free_port))
    async with open_web_house(settings, world) as opened:
        yield opened


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    assert HAS_CHROMIUM, "no /usr/bin/chromium: apt-get install -y chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        await browser.close()
