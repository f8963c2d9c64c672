"""A real Chromium in front of a real world; a small bot answers over the Bot API like any bot would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from page_world import SHOTS, Stage, small_bot
from playwright.async_api import Browser, async_playwright

from manager_bot.demo.world import start_world

CHROMIUM = Path("/usr/bin/chromium")
HAS_CHROMIUM = CHROMIUM.exists()
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    assert HAS_CHROMIUM, "no /usr/bin/chromium: apt-get install -y chromium fonts-noto-color-emoji"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(browser: Browser) -> AsyncIterator[Stage]:
    """A world with Ann, Bob, Ada and the manager bot, and the bot's program at work."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    runner, port = await start_world("127.0.0.1", 0)
    root = f"http://127.0.0.1:{port}"
    try:
        async with small_bot(root) as bot:
            stage = Stage(browser, root, bot)
            yield stage
            await stage.close()
    finally:
        await runner.cleanup()
