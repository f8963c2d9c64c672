"""`deploy/compose` as an operator uses it, with names, ports and folders of a test's own."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from fixtures.tls_front import NAME, conf_with, connector, make_certificate
from fixtures.worlds import take_free_port

from manager_bot.demo.client import BotView, WorldClient
from manager_bot.demo.gemini.state import DEMO_KEY
from manager_bot.demo.github import GitHubControl
from manager_bot.vault import new_key

CHECKOUT = Path(__file__).resolve().parents[3]
GITHUB = ("Iv1.clawbot", "c" * 40)
UP_SECONDS = 120


@dataclass
class ComposeHouse:
    """One project; *folder* holds a copy of what the images are made from, and the operator's own files."""

    world: WorldClient
    bot: BotView
    folder: Path
    name: str
    https: int
    secrets: dict[str, str]

    async def compose(self, *words: str, check: bool = True) -> str:
        """What `docker-compose` printed; fails the test where it fails, unless *check* is off."""
        command = ["docker-compose", "--project-name", self.name, *words]
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.folder / "deploy/compose",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
        )
        output = (await process.communicate())[0].decode()
        if check and process.returncode:
            pytest.fail(f"docker-compose {' '.join(words)}:\n{output[-3000:]}", pytrace=False)
        return output

    async def inside(self, service: str, *command: str) -> str:
        """What a command printed in a service's container, whatever its exit code."""
        return await self.compose("exec", "-T", service, *command, check=False)

    def browser_session(self) -> aiohttp.ClientSession:
        """A client that trusts the test's certificate."""
        return aiohttp.ClientSession(connector=connector(self.folder / "live" / NAME / "fullchain.pem"))

    async def until_served(self) -> None:
        """nginx answers with a page of the component's."""
        end = time.monotonic() + UP_SECONDS
        async with self.browser_session() as session:
            while time.monotonic() < end:
                try:
                    async with session.get(f"https://{NAME}:{self.https}/healthz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.3)
        pytest.fail(await self.compose("logs", "--tail=20"), pytrace=False)

    async def clear(self) -> None:
        """Nothing of it is left on the host."""
        await self.compose("stop", check=False)
        await self.compose("run", "--rm", "clawbot", "uninstall", "--yes", check=False)
        await self.compose("down", "--volumes", check=False)
        await asyncio.to_thread(remove_image, f"clawbot:{self.name}")
        shutil.rmtree(self.folder, ignore_errors=True)


def remove_image(ref: str) -> None:
    """The engine has it no more."""
    subprocess.run(["docker", "image", "rm", ref], check=False, capture_output=True)  # noqa: S603, S607


def copy_checkout(target: Path) -> None:
    """What the repository holds of the image's ingredients."""
    for name in ("manager_bot", "models", "web", "locales", "deploy"):
        shutil.copytree(CHECKOUT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", ".env"))
    shutil.copy2(CHECKOUT / ".dockerignore", target)


def build_images(*names: str) -> None:
    """The images below (or *names* of them); kept in the machine's cache, so that this takes minutes only once."""
    script = CHECKOUT / "deploy/compose/images.sh"
    done = subprocess.run(["sh", str(script), *names], check=False, capture_output=True, text=True)  # noqa: S603, S607
    assert done.returncode == 0, done.stdout + done.stderr


async def furnish(world: WorldClient, folder: Path) -> ComposeHouse:
    """A house that is ready for `up`: settings, certificate and nginx.conf as the head of compose.yaml asks for."""
    number = uuid.uuid4().int
    ports = {name: take_free_port() for name in ("postgres", "gateway", "web", "http", "https")}
    copy_checkout(folder)
    (folder / "live" / NAME).mkdir(parents=True)
    make_certificate(folder / "live" / NAME, "privkey.pem", "fullchain.pem")
    upstream = {"server 127.0.0.1:8080": f"server 127.0.0.1:{ports['web']}"}
    conf = conf_with(upstream, ports["http"], ports["https"])
    (folder / "deploy/compose/nginx.conf").write_text(conf)
    ada = await world.person("Ada")
    bot = await world.bot("clawbot_manager_bot", owner=ada, can_manage_bots=True)
    public_url = f"https://{NAME}:{ports['https']}"
    github = GitHubControl(world.session, world.root)
    await github.register(*GITHUB, f"{public_url}/oauth/github/callback")
    secrets = {
        "CLAWBOT_BOT_TOKEN": bot.token,
        "CLAWBOT_GEMINI_API_KEY": DEMO_KEY,
        "CLAWBOT_SECRET_KEYS": new_key(),
        "CLAWBOT_GITHUB_CLIENT_SECRET": GITHUB[1],
        "CLAWBOT_COMPOSE_POSTGRES_PASSWORD": uuid.uuid4().hex,
    }
    name = f"clawbot-c{number % 10**8}"
    settings = secrets | {
        "CLAWBOT_ADMIN_IDS": str(ada.id),
        "CLAWBOT_TELEGRAM_API_ROOT": world.telegram_root,
        "CLAWBOT_GEMINI_API_ROOT": world.gemini_root,
        "CLAWBOT_NAME_PREFIX": name,
        "CLAWBOT_AGENT_SUBNET": f"10.{100 + number % 90}.{number // 90 % 250}.0/24",
        "CLAWBOT_AGENT_PORTS": f"{21000 + number % 10000}-{21010 + number % 10000}",
        "CLAWBOT_GATEWAY_PORT": str(ports["gateway"]),
        "CLAWBOT_WEB_PORT": str(ports["web"]),
        "CLAWBOT_PUBLIC_URL": public_url,
        "CLAWBOT_TRUSTED_PROXIES": "127.0.0.1",
        "CLAWBOT_GITHUB_ROOT": f"{world.root}/github",
        "CLAWBOT_GITHUB_API_ROOT": f"{world.root}/github/api",
        "CLAWBOT_GITHUB_CLIENT_ID": GITHUB[0],
        "CLAWBOT_COMPOSE_POSTGRES_PORT": str(ports["postgres"]),
        "CLAWBOT_COMPOSE_DATA_DIR": str(folder / "data"),
        "CLAWBOT_COMPOSE_CERTIFICATES": str(folder),
        "CLAWBOT_COMPOSE_TAG": name,
    }
    lines = ["CLAWBOT_DATA_DIR=var/data", *(f"{key}={value}" for key, value in settings.items())]
    (folder / "deploy/compose/.env").write_text("\n".join(lines) + "\n")
    return ComposeHouse(world, bot, folder, name, ports["https"], secrets)
