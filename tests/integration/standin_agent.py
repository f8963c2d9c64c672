"""A stand-in for OpenClaw, two megabytes small: busybox, told by a file what to do.

``/data/behave`` holds one word, read every 0.3 s and at every health request: ``run``, ``crash`` (exit 1), ``clean``
(exit 0), ``config`` (exit 78), ``leak`` (until the kernel kills it), ``fill`` (nine tenths of 32 MB, until ``run``),
``hang`` (health port accepts and says nothing), ``not-ready`` (503). It says ``/data/say`` and, in another breath,
``/data/more``. The image carries a label of its own and is removed after the tests.
"""

# ruff: noqa: S603, S607 - it runs three fixed commands

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import uuid
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import docker

from manager_bot.runtime.base import AgentSpec

_CACHE = Path(__file__).parents[2] / "var" / "cache" / "busybox"

_AGENT = """#!/bin/sh
echo "standing in"
cat /data/say 2>/dev/null; sleep 0.1; cat /data/more 2>/dev/null
nc -ll -p 18789 -e /answer &
while :; do
  word=run; [ -f /data/behave ] && read -r word </data/behave
  case "$word" in
    crash) echo "uncaught error"; exit 1;;
    clean) exit 0;;
    config) echo "config refused"; exit 78;;
    leak) exec tail /dev/zero;;
    fill) [ -f /tmp/much ] || dd if=/dev/zero of=/tmp/much bs=1M count=29 2>/dev/null;;
    run) [ ! -f /tmp/much ] || rm /tmp/much;;
  esac
  sleep 0.3
done
"""
_ANSWER = """#!/bin/sh
read -r verb path rest
word=run; [ -f /data/behave ] && read -r word </data/behave
code="200 OK"; body='{"ready":true,"failing":[]}'
case "$path" in /healthz*) body='{"ok":true,"status":"live"}';; esac
case "$word$path" in
  hang*) sleep 30;;
  not-ready/readyz*) code="503 Service Unavailable"; body='{"ready":false,"failing":["telegram"]}';;
esac
printf 'HTTP/1.1 %s\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s' \
  "$code" "${#body}" "$body"
"""


def _busybox() -> Path:
    """A static busybox: the host's, or Debian's package unpacked into ``var/cache``."""
    found = _CACHE / "bin" / "busybox"
    for path in (Path("/bin/busybox"), Path("/usr/bin/busybox"), found):
        if path.exists():
            return path
    _CACHE.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", "busybox-static"], cwd=_CACHE, check=True, capture_output=True)
    package = next(_CACHE.glob("busybox-static*.deb"))
    subprocess.run(["dpkg", "-x", str(package), str(_CACHE)], check=True)
    return found if found.exists() else _CACHE / "usr" / "bin" / "busybox"


def build_image(client: docker.APIClient) -> str:
    """Import the image; returns its reference."""
    binary = _busybox()
    applets = subprocess.run([binary, "--list"], check=True, capture_output=True, text=True).stdout.split()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder in ("bin", "data", "etc", "etc/openclaw", "tmp", "proc", "sys", "dev"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        for name, content in (
            ("bin/busybox", binary.read_bytes()),
            ("agent", _AGENT.encode()),
            ("answer", _ANSWER.encode()),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
        for applet in applets:
            if applet != "busybox":
                entry = tarfile.TarInfo(f"bin/{applet}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(entry)
    tag = uuid.uuid4().hex[:8]
    changes = ['CMD ["/agent"]', "ENV PATH=/bin", "LABEL clawbot.test=standin"]
    client.import_image_from_data(packed.getvalue(), repository="clawbot-standin", tag=tag, changes=changes)
    return f"clawbot-standin:{tag}"


@dataclass(frozen=True)
class Plot:
    """A test's own installation: mark, network, ports and folders no other installation uses."""

    mark: str
    image: str
    folder: Path
    subnet: IPv4Network
    first_port: int

    @property
    def network(self) -> str:
        return f"clawbot-test-{self.mark}"

    @property
    def ports(self) -> tuple[int, int]:
        return self.first_port, self.first_port + 99

    def name(self, agent_id: int) -> str:
        return f"clawbot-test-{self.mark}-{agent_id}"

    def behave(self, agent_id: int, word: str) -> None:
        """From now on the stand-in does *word*."""
        data = self.folder / str(agent_id) / "data"
        data.mkdir(parents=True, exist_ok=True)
        fresh = data / ".behave"
        fresh.write_text(word + "\n")
        fresh.replace(data / "behave")

    def spec(self, agent_id: int, **changes: object) -> AgentSpec:
        """The stand-in's spec; *changes* replace fields."""
        data, config = self.folder / str(agent_id) / "data", self.folder / str(agent_id) / "config"
        for folder in (data, config):
            folder.mkdir(parents=True, exist_ok=True)
        os.chown(data, 1000, 1000)
        fields: dict[str, object] = {
            "agent_id": agent_id,
            "name": self.name(agent_id),
            "image": self.image,
            "memory_mb": 32,
            "swap_mb": 0,
            "cpu": 0.5,
            "health_port": self.first_port + agent_id,
            "data_dir": data,
            "config_dir": config,
            "config_digest": "1",
        }
        return AgentSpec(**{**fields, **changes})  # type: ignore[arg-type]


def new_plot(image: str, folder: Path) -> Plot:
    """A plot on a subnet of its own, with ports below the ephemeral range."""
    number = uuid.uuid4().int
    subnet = IPv4Network(f"10.{200 + number % 50}.{number // 50 % 250}.0/24")
    return Plot(f"t{number:032x}"[:11], image, folder, subnet, 20000 + number % 12000)


def tidy(folder: Path) -> None:
    """Remove what agents (uid 1000) wrote."""
    shutil.rmtree(folder, ignore_errors=True)
