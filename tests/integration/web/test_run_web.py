"""GitHub and the status page in the real process, met over HTTP alone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
from fixtures.web_house import CLIENT, SECRET
from fixtures.worlds import take_free_port

from manager_bot.demo.client import WorldClient
from manager_bot.demo.gemini.state import DEMO_KEY
from manager_bot.demo.github import Browser, GitHubControl
from manager_bot.vault import new_key


async def clawbot(environment: dict[str, str], folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    with (folder / "log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "manager_bot", *arguments, cwd=folder, env=environment, stdout=log, stderr=log
        )


async def test_from_start_through_the_browser_to_the_plans(world: WorldClient, tmp_path: Path) -> None:
    ada, ann = await world.person("Ada"), await world.person("Ann", username="ann", language_code="en")
    bot = await world.bot("clawbot_manager_bot", owner=ada)
    port = take_free_port()
    root = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "CLAWBOT_BOT_TOKEN": bot.token,
        "CLAWBOT_TELEGRAM_API_ROOT": world.telegram_root,
        "CLAWBOT_GEMINI_API_KEY": DEMO_KEY,
        "CLAWBOT_GEMINI_API_ROOT": world.gemini_root,
        "CLAWBOT_SECRET_KEYS": new_key(),
        "CLAWBOT_DATA_DIR": str(tmp_path / "data"),
        "CLAWBOT_NAME_PREFIX": f"clawbot-w{os.getpid() % 10000}",
        "CLAWBOT_AGENT_SUBNET": f"10.214.{os.getpid() % 250}.0/24",
        "CLAWBOT_WEB_PORT": str(port),
        "CLAWBOT_PUBLIC_URL": root,
        "CLAWBOT_GITHUB_ROOT": f"{world.root}/github",
        "CLAWBOT_GITHUB_API_ROOT": f"{world.root}/github/api",
        "CLAWBOT_GITHUB_CLIENT_ID": CLIENT,
        "CLAWBOT_GITHUB_CLIENT_SECRET": SECRET,
    }
    assert await (await clawbot(environment, tmp_path, "migrate")).wait() == 0
    process = await clawbot(environment, tmp_path, "run", "--only", "bot,web")
    try:
        async with aiohttp.ClientSession() as session, Browser() as browser:
            github = GitHubControl(session, world.root)
            await github.register(CLIENT, SECRET, f"{root}/oauth/github/callback")
            await github.join("ann-hub")
            await ann.send(bot, "/start")
            await ann.wait_for(bot, "Hi, Ann", within=60)
            await ann.press(bot, "Get started")
            card = await ann.wait_for(bot, button="Open GitHub")
            await browser.open(str(card.button("Open GitHub").url))  # type: ignore[union-attr]
            await browser.press("Authorize as @ann-hub")
            await browser.press("Connect")
            assert browser.link("Return to Telegram") == "https://t.me/clawbot_manager_bot"
            plans = await ann.wait_for(bot, "Pick a plan")
            assert "GitHub is connected as @ann-hub" in plans.text
            async with session.get(f"{root}/status.json") as answer:
                status = await answer.json()
            assert status["components"]["bot"] == "up"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 40) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        assert await (await clawbot(environment, tmp_path, "uninstall", "--yes")).wait() == 0
    written = (tmp_path / "log").read_text()
    assert "Traceback" not in written
    assert [one for one in ("gho_", SECRET, bot.token) if one in written] == []
