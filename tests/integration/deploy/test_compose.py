"""The compose file in front of a real engine: everything in containers, one agent beside them."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from compose_house import ComposeHouse, build_images, furnish
from fixtures.tls_front import NAME

from manager_bot.demo.client import Person, WorldClient
from manager_bot.demo.github import Browser, GitHubControl
from manager_bot.roles.web import LEARN_SECONDS


@pytest.fixture
async def house(world: WorldClient, tmp_path: Path) -> AsyncIterator[ComposeHouse]:
    if not shutil.which("docker-compose"):
        pytest.fail("no docker-compose: `make test` installs it (apt-get install docker-compose)", pytrace=False)
    await asyncio.to_thread(build_images)
    made = await furnish(world, tmp_path)
    try:
        await made.compose("up", "--detach", "--build")
        await made.until_served()
        yield made
    finally:
        if (tmp_path / "deploy").exists():
            print(await made.compose("logs", "--no-color", "--tail=12", check=False))  # noqa: T201 - shown where it fails
            await made.clear()


async def join(house: ComposeHouse, name: str) -> Person:
    """From a stranger's first word, through GitHub in a browser and nginx, to an agent of their own."""
    await GitHubControl(house.world.session, house.world.root).join("ann")
    person = await house.world.person(name, username="ann")
    await person.send(house.bot, "/start")
    await person.wait_for(house.bot, button="Get started", within=120)
    await asyncio.sleep(LEARN_SECONDS + 0.5)  # the web component has learnt the bot's name
    await person.press(house.bot, "Get started")
    card = await person.wait_for(house.bot, button="Open GitHub")
    async with Browser() as browser:
        await browser.session.close()
        browser.session = house.browser_session()
        await browser.open(str(card.button("Open GitHub").url))  # type: ignore[union-attr]
        await browser.press("Authorize as @ann")
        assert browser.url.startswith(f"https://{NAME}:{house.https}/oauth/github/callback")
        await browser.press("Connect")
        assert browser.link("Return to Telegram") == f"https://t.me/{house.bot.username}"
    await person.wait_for(house.bot, button="Starter")
    await person.press(house.bot, "Starter")
    await person.wait_for(house.bot, "BotFather")
    await person.press(house.bot, "Create", username="ann_agent_bot", name="Ann's agent")
    await person.wait_for(house.bot, "Bot connected!", within=180)
    return person


def agents_containers(house: ComposeHouse) -> list[str]:
    """Ids of the project's agents' containers, whether they run or not."""
    command = ["docker", "ps", "--all", "--quiet", "--filter", f"name={house.name}-agent"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603 - our own words


async def doctors_complaints(house: ComposeHouse) -> list[str]:
    """What fails from inside the manager's container."""
    found = json.loads(await house.inside("clawbot", "clawbot", "doctor", "--json"))
    return [f"{one['name']}: {one['line']}" for one in found["checks"] if one["verdict"] == "fail"]


async def powers(house: ComposeHouse, service: str) -> tuple[bool, bool, bool, str]:
    """What a service's first process can do: write its root, reach Docker's socket, any capability; and its secrets."""
    look = "touch /x 2>/dev/null; echo $?; ls /var/run/docker.sock 2>&1; grep CapBnd /proc/self/status; env"
    lines = (await house.inside(service, "sh", "-c", look)).splitlines()
    socket = lines[1].startswith("/var/run")
    bounding = next(line for line in lines if line.startswith("CapBnd"))
    return lines[0] == "0", socket, int(bounding.split()[1], 16) != 0, "\n".join(lines)


@pytest.mark.timeout(600)
async def test_everything_in_containers_and_an_agent_that_answers(house: ComposeHouse) -> None:
    ann = await join(house, "Ann")
    asked = await ann.send("ann_agent_bot", "What is the capital of France?")
    assert await ann.wait_for("ann_agent_bot", after=asked, within=120), "through the gateway on the host's bridge"
    assert await doctors_complaints(house) == []
    assert list((house.folder / "data" / "agents").iterdir()), "the agents' folder is the host's, by the same path"

    writes, socket, capable, seen = await powers(house, "web")
    assert (writes, socket, capable) == (False, False, False), "what strangers reach has no power"
    assert [name for name in ("CLAWBOT_BOT_TOKEN", "CLAWBOT_GEMINI_API_KEY") if house.secrets[name] in seen] == []
    assert (await powers(house, "clawbot"))[:2] == (False, True)
    for service in ("postgres", "nginx"):
        assert (await powers(house, service))[:2] == (False, False)

    before = agents_containers(house)
    await house.compose("restart", "clawbot")
    asked = await ann.send("ann_agent_bot", "And of Italy?")
    assert await ann.wait_for("ann_agent_bot", after=asked, within=120)
    assert agents_containers(house) == before, "agents outlive the manager's container"

    await house.clear()
    assert agents_containers(house) == []
