"""The systemd units: read by systemd's own tools, and run by a real systemd with a real agent behind."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from booted import UNITS, Booted, furnish_host

from manager_bot.demo.client import WorldClient

POWERS = {0: "chown", 1: "dac_override", 3: "fowner", 12: "net_admin", 13: "net_raw"}
"""Capabilities by their number in the kernel."""


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    if not shutil.which("systemd-analyze"):
        pytest.fail("no systemd-analyze: `make test` installs it (apt-get install systemd)", pytrace=False)
    command = ["systemd-analyze", *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)  # noqa: S603


@pytest.mark.parametrize("unit", sorted(UNITS.glob("*.service")), ids=lambda path: path.name)
def test_systemd_has_nothing_to_say_against_the_units(unit: Path) -> None:
    done = analyze("verify", str(unit))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_service_is_confined() -> None:
    """systemd's own measure: 10 is open, 0 is shut; above 5 it speaks of medium exposure."""
    done = analyze("security", "--offline=true", "--threshold=35", "--no-pager", str(UNITS / "clawbot.service"))
    assert done.returncode == 0, done.stdout[-300:]


@pytest.fixture
async def booted(world: WorldClient, tmp_path: Path) -> AsyncIterator[Booted]:
    made = await furnish_host(world, tmp_path)
    try:
        await made.start()
        yield made
    finally:
        journal = await made.inside("journalctl", "--unit=clawbot", "--no-pager", "--lines=40", check=False)
        print(journal)  # noqa: T201 - shown where it fails
        await made.clear()


@pytest.mark.timeout(600)
async def test_systemd_runs_it_restarts_it_and_ends_it(booted: Booted, world: WorldClient) -> None:
    await booted.inside("systemctl", "enable", "--now", "clawbot")
    await booted.until("ActiveState", "active")
    ann = await world.person("Ann", username="ann")
    await ann.send(booted.bot, "/start")
    await ann.wait_for(booted.bot, button="Get started", within=120)
    await ann.press(booted.bot, "Get started")
    await ann.wait_for(booted.bot, button="Starter")
    await ann.press(booted.bot, "Starter")
    await ann.wait_for(booted.bot, "BotFather")
    await ann.press(booted.bot, "Create", username="ann_agent_bot", name="Ann's agent")
    await ann.wait_for(booted.bot, "Bot connected!", within=180)

    pid = await booted.show("MainPID")
    status = dict(line.split(":\t", 1) for line in (await booted.inside("cat", f"/proc/{pid}/status")).splitlines())
    bounding = int(status["CapBnd"], 16)
    assert {number for number in range(64) if bounding >> number & 1} == set(POWERS)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")

    await booted.inside("systemctl", "kill", "--kill-who=main", "--signal=KILL", "clawbot")
    await booted.until("NRestarts", "1")
    asked = await ann.send("ann_agent_bot", "What is the capital of France?")
    assert await ann.wait_for("ann_agent_bot", after=asked, within=180), "the agent outlived it and was adopted"
    root = f"http://127.0.0.1:{booted.settings['CLAWBOT_WEB_PORT']}"
    async with aiohttp.ClientSession() as session, session.get(f"{root}/healthz") as answer:
        assert answer.status == 200

    await booted.inside("systemctl", "stop", "clawbot")
    assert (await booted.show("Result"), await booted.show("ExecMainStatus")) == ("success", "0")
    journal = await booted.inside("journalctl", "--unit=clawbot", "--no-pager")
    assert "Traceback" not in journal
    assert booted.settings["CLAWBOT_BOT_TOKEN"] not in journal
