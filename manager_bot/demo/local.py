"""A whole ClawBot beside an emulated Telegram, Gemini and GitHub on this machine: set up, started, stopped, cleared."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from manager_bot.demo.client import BotView, Person, WorldClient
from manager_bot.demo.gemini.state import DEMO_KEY
from manager_bot.demo.github import GitHubControl
from manager_bot.demo.processes import Part, need_port, run_once
from manager_bot.errors import OperatorError
from manager_bot.vault import new_key

MANAGER = "clawbot_manager_bot"
GITHUB_APP = ("Iv1.clawbotdemo", "demo-client-secret-of-the-emulated-github")
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where a local ClawBot lives: apart in folder, names, ports and network from any other installation."""

    folder: Path
    world_port: int = 8090
    gateway_port: int = 8790
    web_port: int = 8091
    agent_ports: str = "9100-9149"
    agent_subnet: str = "172.30.90.0/24"
    name_prefix: str = "clawbot-demo"


@dataclass(slots=True)
class LocalClawBot:
    """The demo's installation. It is new each time: the emulated Telegram forgets its bots when it ends."""

    place: Place
    report: Callable[[str], None]
    settings: dict[str, str] = field(default_factory=dict)
    world_process: Part = field(init=False)
    manager_process: Part = field(init=False)
    world: WorldClient = field(init=False)
    ann: Person = field(init=False)
    bob: Person = field(init=False)
    ada: Person = field(init=False)
    bot: BotView = field(init=False)
    environment: dict[str, str] = field(init=False)
    _cleaning: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    @property
    def root(self) -> str:
        """The chat page's address."""
        return f"http://127.0.0.1:{self.place.world_port}"

    @property
    def public_url(self) -> str:
        """The web component's address: status page and GitHub sign-in."""
        return f"http://127.0.0.1:{self.place.web_port}"

    @property
    def data_dir(self) -> Path:
        return self.place.folder / "data"

    @property
    def failpoint(self) -> Path:
        """Where a named place is written at which the manager is to be killed."""
        return self.place.folder / "failpoint"

    async def start(self) -> None:
        """World, people, database, manager, in this order; returns when the manager bot listens.

        Raises :class:`OperatorError` where it cannot; :meth:`stop` clears whatever stands by then.
        """
        for port in (self.place.world_port, self.place.gateway_port, self.place.web_port):
            need_port(port, "--port")
        await self._clear_last_run()
        await self._start_world()
        await self._invite()
        self.report("Migrating a new embedded database")
        await self.command("migrate")
        self._cleaning.push_async_callback(self.command, "uninstall")
        self._cleaning.push_async_callback(self.manager_process.stop)
        await self.start_manager()

    async def stop(self) -> None:
        """Stop both, remove the agents' containers, network and firewall rules."""
        await self._cleaning.aclose()

    async def start_manager(self) -> None:
        """Start the manager and wait until its bot listens."""
        await self.manager_process.start()
        end = time.monotonic() + START_SECONDS
        polls = (await self.world.show_bot(self.bot)).polls
        while (await self.world.show_bot(self.bot)).polls == polls:
            if not self.manager_process.is_running:
                raise OperatorError(f"the manager ended at once: {self.manager_process.last_line()}")
            if time.monotonic() > end:
                raise OperatorError(
                    f"the manager does not listen after {START_SECONDS} s: see {self.manager_process.log}"
                )
            await asyncio.sleep(0.1)

    async def command(self, *arguments: str) -> str:
        """Run a `clawbot` command here; raises :class:`OperatorError` with its last line if it fails."""
        status, output = await run_once(arguments, self.environment, self.place.folder)
        if status != 0:
            lines = output.strip().splitlines() or ["it wrote nothing"]
            raise OperatorError(f"`clawbot {' '.join(arguments)}` failed: {lines[-1]}")
        return output

    async def _clear_last_run(self) -> None:
        """A run that was killed left its containers behind; they carry the mark of its database."""
        left = self.place.folder / "environment"
        if left.exists() and self.data_dir.exists():
            self.report("Clearing what the last run left")
            pairs = (line.partition("=") for line in left.read_text().splitlines())
            await run_once(("uninstall",), {name: value for name, _, value in pairs}, self.place.folder)
        shutil.rmtree(self.place.folder, ignore_errors=True)

    async def _start_world(self) -> None:
        self.report("Starting the emulated Telegram, Gemini and GitHub")
        arguments = ("manager_bot.demo.world", "--port", str(self.place.world_port))
        self.world_process = Part("world", arguments, {}, self.place.folder)
        self._cleaning.push_async_callback(self.world_process.stop)
        await self.world_process.start()
        self.world = await self._cleaning.enter_async_context(WorldClient(self.root))
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                await self.world.last_event()
            except OSError:
                if time.monotonic() > end or not self.world_process.is_running:
                    raise OperatorError(f"the emulated world did not start: {self.world_process.last_line()}") from None
                await asyncio.sleep(0.1)
            else:
                return

    async def _invite(self) -> None:
        """The people of the demo, and the manager bot that Ada the admin made at BotFather."""
        self.ann = await self.world.person("Ann", username="ann", language_code="en")
        self.bob = await self.world.person("Bob", username="bob", language_code="en")
        self.ada = await self.world.person("Ada", username="ada", language_code="en")
        self.bot = await self.world.bot(MANAGER, owner=self.ada, name="ClawBot", can_manage_bots=True)
        await self._open_github()
        self.environment = self._environment()
        written = "\n".join(f"{name}={value}" for name, value in self.environment.items())
        path = self.place.folder / "environment"
        path.touch(mode=0o600)
        path.write_text(written + "\n")
        self.manager_process = Part("manager", ("manager_bot", "run"), self.environment, self.place.folder)

    async def _open_github(self) -> None:
        """The application of this installation, and an account for each of the demo's people."""
        github = GitHubControl(self.world.session, self.root)
        await github.register(*GITHUB_APP, f"{self.public_url}/oauth/github/callback")
        for login in ("ann", "bob", "ada"):
            await github.join(login)

    def _environment(self) -> dict[str, str]:
        return {
            "CLAWBOT_BOT_TOKEN": self.bot.token,
            "CLAWBOT_ADMIN_IDS": str(self.ada.id),
            "CLAWBOT_TELEGRAM_API_ROOT": self.world.telegram_root,
            **self._gemini(),
            "CLAWBOT_DATA_DIR": str(self.data_dir),
            "CLAWBOT_SECRET_KEYS": new_key(),
            "CLAWBOT_NAME_PREFIX": self.place.name_prefix,
            "CLAWBOT_AGENT_PORTS": self.place.agent_ports,
            "CLAWBOT_AGENT_SUBNET": self.place.agent_subnet,
            "CLAWBOT_GATEWAY_PORT": str(self.place.gateway_port),
            "CLAWBOT_WEB_PORT": str(self.place.web_port),
            "CLAWBOT_PUBLIC_URL": self.public_url,
            "CLAWBOT_GITHUB_ROOT": f"{self.root}/github",
            "CLAWBOT_GITHUB_API_ROOT": f"{self.root}/github/api",
            "CLAWBOT_GITHUB_CLIENT_ID": GITHUB_APP[0],
            "CLAWBOT_GITHUB_CLIENT_SECRET": GITHUB_APP[1],
            **self.settings,
        }

    def _gemini(self) -> dict[str, str]:
        """The real Gemini where the newcomer has a key for it, else the emulated one."""
        chosen = {
            name: value for name, value in os.environ.items() if name.startswith(("CLAWBOT_GEMINI_", "CLAWBOT_MODEL_"))
        }
        if chosen.get("CLAWBOT_GEMINI_API_KEY"):
            return chosen
        return {"CLAWBOT_GEMINI_API_KEY": DEMO_KEY, "CLAWBOT_GEMINI_API_ROOT": self.world.gemini_root}
