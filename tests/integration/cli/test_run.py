"""``clawbot run`` as an operator starts it, beside the emulated Telegram and Gemini."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path

import docker
import pytest
from fixtures.worlds import take_free_port

from manager_bot.demo.client import WorldClient
from manager_bot.demo.gemini.state import DEMO_KEY
from manager_bot.vault import new_key

START_SECONDS = 60


@pytest.fixture
async def environment(world: WorldClient, tmp_path: Path) -> dict[str, str]:
    """A whole installation of the test's own: names, ports, network and marks apart from any other."""
    ada = await world.person("Ada", username="ada")
    bot = await world.bot("clawbot_manager_bot", owner=ada, can_manage_bots=True)
    return {
        "PATH": os.environ["PATH"],
        "CLAWBOT_BOT_TOKEN": bot.token,
        "CLAWBOT_ADMIN_IDS": str(ada.id),
        "CLAWBOT_TELEGRAM_API_ROOT": world.telegram_root,
        "CLAWBOT_GEMINI_API_KEY": DEMO_KEY,
        "CLAWBOT_GEMINI_API_ROOT": world.gemini_root,
        "CLAWBOT_SECRET_KEYS": new_key(),
        "CLAWBOT_DATA_DIR": str(tmp_path / "data"),
        "CLAWBOT_NAME_PREFIX": f"clawbot-t{os.getpid() % 10000}",
        "CLAWBOT_AGENT_SUBNET": f"10.213.{os.getpid() % 250}.0/24",
        "CLAWBOT_GATEWAY_PORT": str(take_free_port()),
        "CLAWBOT_WEB_PORT": str(take_free_port()),
    }


def clawbot(environment: dict[str, str], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "manager_bot", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def running(
    environment: dict[str, str], folder: Path, roles: str = "gateway,watchdog"
) -> Iterator[subprocess.Popen[bytes]]:
    """A manager that has said that it started; what it made on the host is removed afterwards."""
    log = folder / "manager.log"
    with log.open("wb") as stream:
        command = [sys.executable, "-m", "manager_bot", "run", "--only", roles]
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=stream)  # noqa: S603 - our own words
        try:
            _wait_until_started(process, log)
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            removed = clawbot(environment, folder, "uninstall", "--yes")
            assert removed.returncode == 0, removed.stderr


@contextmanager
def alone(environment: dict[str, str], folder: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A gateway alone that has said that it started, with a line in *log* for every module it loads."""
    words = [sys.executable, "-X", "importtime", "-m", "manager_bot", "run", "--only", "gateway"]
    with log.open("wb") as stream:
        process = subprocess.Popen(words, cwd=folder, env=environment, stderr=stream)  # noqa: S603 - our own words
        try:
            _wait_until_started(process, log)
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def _wait_until_started(process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while b"clawbot_started" not in log.read_bytes():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


async def test_run_on_an_unmigrated_database_refuses_in_one_line(environment: dict[str, str], tmp_path: Path):
    done = await asyncio.to_thread(clawbot, environment, tmp_path, "run")
    assert done.returncode == 2
    assert done.stderr == "clawbot: there is no database yet: run `clawbot migrate`\n"


@pytest.mark.parametrize("roles", ["gateway", "gateway,watchdog"])
async def test_addresses_that_docker_uses_otherwise_are_refused_in_one_line(
    environment: dict[str, str], tmp_path: Path, roles: str
):
    def play() -> None:
        client = docker.APIClient()
        bridge = ip_network(client.inspect_network("bridge")["IPAM"]["Config"][0]["Subnet"])
        client.close()
        last = list(bridge.subnets(new_prefix=28))[-1]  # the bridge's own address is in the first
        environment["CLAWBOT_AGENT_SUBNET"] = str(last)
        assert clawbot(environment, tmp_path, "migrate").returncode == 0
        refused = clawbot(environment, tmp_path, "run", "--only", roles)
        assert refused.returncode == 2, refused.stderr
        assert refused.stderr.splitlines()[-1] == (
            f"clawbot: another network of this host uses addresses of {last}: "
            "set CLAWBOT_AGENT_SUBNET to some that nobody uses"
        )
        assert "Traceback" not in refused.stderr

    await asyncio.to_thread(play)


async def test_a_second_writer_is_refused_and_sigterm_ends_in_order(environment: dict[str, str], tmp_path: Path):
    def play() -> None:
        assert clawbot(environment, tmp_path, "migrate").returncode == 0
        with running(environment, tmp_path) as manager:
            for words in (["run"], ["run", "--only", "bot"], ["migrate"]):
                refused = clawbot(environment, tmp_path, *words)
                assert refused.returncode == 2, words
                assert f"in use by process {manager.pid} (clawbot run)" in refused.stderr
                assert len(refused.stderr.splitlines()) == 1
            doctor = clawbot(environment, tmp_path, "doctor")
            assert f"used by process {manager.pid}" in " ".join(doctor.stdout.split())
            assert "agents reach the gateway and the public web, nothing else" in " ".join(doctor.stdout.split())
            manager.send_signal(signal.SIGTERM)
            assert manager.wait(40) == 0
        written = (tmp_path / "manager.log").read_text()
        assert "Traceback" not in written
        assert environment["CLAWBOT_BOT_TOKEN"] not in written

    await asyncio.to_thread(play)


HEAVY = {"aiogram", "docker", "requests", "apscheduler", "authlib", "httpx2", "jinja2", "babel", "rich", "asyncpg"}
"""What other roles, databases and commands are made of; the gateway's start and memory are to be its own."""


def _loaded(log: str) -> set[str]:
    """The packages a process imported until now with a part of them, from what ``-X importtime`` wrote.

    A name alone may be an attempt: structlog tries for rich and goes without.
    """
    names = (line.rpartition("|")[2].strip() for line in log.splitlines() if line.startswith("import time:"))
    return {name.partition(".")[0] for name in names if "." in name}


async def test_a_gateway_alone_loads_nothing_of_other_roles_and_needs_no_docker(
    environment: dict[str, str], tmp_path: Path
):
    """The real process, asked at both doors and for its metrics, with no engine to be found."""
    environment |= {"CLAWBOT_GATEWAY_HOST": "127.0.0.1", "DOCKER_HOST": f"unix://{tmp_path}/no-engine.sock"}
    root = f"http://127.0.0.1:{environment['CLAWBOT_GATEWAY_PORT']}"

    def ask(path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(root + path, timeout=10) as answer:  # noqa: S310 - our own address
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def play() -> tuple[set[str], set[str]]:
        assert clawbot(environment, tmp_path, "migrate").returncode == 0
        log = tmp_path / "manager.log"
        with alone(environment, tmp_path, log) as manager:
            assert ask("/healthz") == (200, b"ok")
            assert ask("/gemini/v1beta/models")[0] == 401
            assert ask(f"/telegram/bot1234567:{'k' * 32}/getMe")[0] == 401
            before = _loaded(log.read_text())
            status, page = ask("/metrics")
            assert status == 200
            assert b'clawbot_gateway_requests_total{code="401",door="gemini",verb="other"} 1.0' in page
            after = _loaded(log.read_text())
            manager.send_signal(signal.SIGTERM)
            assert manager.wait(40) == 0
        return before, after

    before, after = await asyncio.to_thread(play)
    assert {"manager_bot", "aiohttp", "tortoise"} <= before
    assert not before & (HEAVY | {"prometheus_client", "web"})
    assert after - before >= {"prometheus_client"}
    assert not after & HEAVY


async def test_a_gateway_alone_makes_the_agents_network_where_nobody_did(environment: dict[str, str], tmp_path: Path):
    def play() -> None:
        assert clawbot(environment, tmp_path, "migrate").returncode == 0
        with running(environment, tmp_path, "gateway") as manager:
            address = str(next(ip_network(environment["CLAWBOT_AGENT_SUBNET"]).hosts()))
            url = f"http://{address}:{environment['CLAWBOT_GATEWAY_PORT']}"
            with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:  # noqa: S310 - our own address
                assert answer.status == 200
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{url}/metrics", timeout=10)  # noqa: S310 - our own address
            manager.send_signal(signal.SIGTERM)
            assert manager.wait(40) == 0

    await asyncio.to_thread(play)
