"""A container of our own in which systemd is the first process and runs `deploy/systemd/clawbot.service` as shipped."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from compose_house import CHECKOUT, build_images
from fixtures.worlds import take_free_port

from manager_bot.demo.client import BotView, WorldClient
from manager_bot.demo.gemini.state import DEMO_KEY
from manager_bot.vault import new_key

UNITS = CHECKOUT / "deploy/systemd"
BOOT = (
    "--network=host --cap-add=SYS_ADMIN --cap-add=NET_ADMIN --security-opt=seccomp=unconfined "
    "--security-opt=apparmor=unconfined --tmpfs=/run --tmpfs=/run/lock --tmpfs=/tmp --env=container=docker "
    "--volume=/sys/fs/cgroup:/sys/fs/cgroup --volume=/var/run/docker.sock:/engine.sock "
    "--entrypoint=/lib/systemd/systemd"
)
"""The host's network and engine, as on a host, and what systemd needs to confine a service; not all powers."""
BOOT_SECONDS = 120
DOCKER_UNIT = "[Service]\nType=oneshot\nExecStart=/bin/true\nRemainAfterExit=yes\n"
"""Stands in for docker.service, which the unit requires: the engine is the host's."""


def docker(*words: str, check: bool = True, text: str | None = None) -> str:
    """What the client printed, told *text*. Blocking."""
    done = subprocess.run(["docker", *words], check=False, capture_output=True, text=True, input=text)  # noqa: S603, S607
    if check and done.returncode:
        pytest.fail(f"docker {' '.join(words)}: {done.stderr}", pytrace=False)
    return done.stdout


@dataclass
class Booted:
    """The container; `/var/lib/<name>` is the service's folder, inside as outside."""

    name: str
    bot: BotView
    settings: dict[str, str]
    files: Path

    async def start(self) -> None:
        """systemd is up afterwards."""
        mounts = [f"--volume=/var/lib/{self.name}:/var/lib/{self.name}"]
        mounts += [f"--volume={self.files}/clawbot.env:/etc/clawbot/clawbot.env"]
        units = ("clawbot.service", "docker.service")
        mounts += [f"--volume={self.files}/{unit}:/etc/systemd/system/{unit}" for unit in units]
        image = f"clawbot:{self.name}"
        await asyncio.to_thread(docker, "run", "--detach", "--name", self.name, *BOOT.split(), *mounts, image)
        end = time.monotonic() + BOOT_SECONDS
        while "running" not in (state := await self.inside("systemctl", "is-system-running", check=False)):
            if "degraded" in state or time.monotonic() > end:
                failed = await self.inside("systemctl", "--failed", "--no-pager", check=False)
                pytest.fail(f"systemd is {state}: {failed}", pytrace=False)
            await asyncio.sleep(0.3)

    async def inside(self, *command: str, check: bool = True) -> str:
        return await asyncio.to_thread(docker, "exec", self.name, *command, check=check)

    async def show(self, what: str) -> str:
        """A property of the service, as systemd has it."""
        return (await self.inside("systemctl", "show", "--value", "--property", what, "clawbot")).strip()

    async def until(self, what: str, wanted: str, seconds: float = 60) -> None:
        """Wait for a property's value."""
        end = time.monotonic() + seconds
        while await self.show(what) != wanted:
            if time.monotonic() > end:
                journal = await self.inside("journalctl", "--no-pager", "--lines=40", check=False)
                pytest.fail(f"{what} is {await self.show(what)}, not {wanted}\n{journal}", pytrace=False)
            await asyncio.sleep(0.3)

    async def clear(self) -> None:
        """Nothing of it is left on the host."""
        await self.inside("systemctl", "stop", "clawbot", check=False)
        environment = [f"--env={key}={value}" for key, value in self.settings.items()]
        words = ("exec", *environment, self.name, "/opt/clawbot/.venv/bin/clawbot", "uninstall", "--yes")
        await asyncio.to_thread(docker, *words, check=False)
        await asyncio.to_thread(docker, "rm", "--force", "--volumes", self.name, check=False)
        await asyncio.to_thread(docker, "image", "rm", f"clawbot:{self.name}", check=False)
        await asyncio.to_thread(shutil.rmtree, f"/var/lib/{self.name}", ignore_errors=True)


def make_image(name: str) -> None:
    """A host with systemd that has ClawBot installed in /opt/clawbot."""
    build_images("python", "systemd")
    options = ("--quiet", "--network=none", f"--tag=clawbot:{name}")
    docker("build", *options, f"--file={CHECKOUT}/deploy/compose/Dockerfile", str(CHECKOUT))
    host = f"FROM clawbot-systemd\nCOPY --from=clawbot:{name} /opt/clawbot /opt/clawbot\n"
    docker("build", *options, "-", text=host)


async def furnish_host(world: WorldClient, folder: Path) -> Booted:
    """A host that is ready to be started, with the unit and its settings where its head says."""
    number = uuid.uuid4().int
    name = f"clawbot-s{number % 10**8}"
    await asyncio.to_thread(make_image, name)
    ada = await world.person("Ada")
    bot = await world.bot("clawbot_manager_bot", owner=ada, can_manage_bots=True)
    first = 21000 + number % 10000
    settings = {
        "CLAWBOT_BOT_TOKEN": bot.token,
        "CLAWBOT_ADMIN_IDS": str(ada.id),
        "CLAWBOT_TELEGRAM_API_ROOT": world.telegram_root,
        "CLAWBOT_GEMINI_API_KEY": DEMO_KEY,
        "CLAWBOT_GEMINI_API_ROOT": world.gemini_root,
        "CLAWBOT_SECRET_KEYS": new_key(),
        "CLAWBOT_DATA_DIR": f"/var/lib/{name}",
        "CLAWBOT_NAME_PREFIX": name,
        "CLAWBOT_AGENT_SUBNET": f"10.{100 + number % 90}.{number // 90 % 250}.0/24",
        "CLAWBOT_AGENT_PORTS": f"{first}-{first + 10}",
        "CLAWBOT_GATEWAY_PORT": str(take_free_port()),
        "CLAWBOT_WEB_PORT": str(take_free_port()),
        "DOCKER_HOST": "unix:///engine.sock",
    }
    (folder / "clawbot.env").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    (folder / "docker.service").write_text(DOCKER_UNIT)
    unit = (UNITS / "clawbot.service").read_text()
    unit = unit.replace("/var/lib/clawbot", f"/var/lib/{name}").replace(
        "StateDirectory=clawbot", f"StateDirectory={name}"
    )
    (folder / "clawbot.service").write_text(unit)
    os.makedirs(f"/var/lib/{name}", mode=0o700)  # noqa: PTH103 - the host's own, by the same path
    return Booted(name, bot, settings, folder)
