"""A Docker Engine of the tests' own, to be stopped and killed beside the one that everybody uses.

It shares nothing with that one: data, run-time folder, containerd, pid file, socket, bridge and addresses are its own.
It sets no firewall rules (an engine that starts clears the chains of any other of the host); its ports are published by
its user-space proxy instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import docker

from manager_bot.runtime.engine import ping

_PATIENCE = 60
_SHUTDOWN = 5
"""Seconds an engine without live-restore gives its containers."""


class SecondEngine:
    """Started and ended by hand; ``log`` is what it wrote."""

    def __init__(self, *, live_restore: bool, activated: bool = False) -> None:
        """Its folder is its own and short: a socket's path has about a hundred characters.

        *activated*: its socket is held open for it, as by systemd, also while it is away.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="cb-engine-", dir="/tmp"))
        self.url = f"unix://{self.folder}/docker.sock"
        self.log = self.folder / "log"
        settings = {"live-restore": live_restore, "shutdown-timeout": _SHUTDOWN}
        (self.folder / "daemon.json").write_text(json.dumps(settings))
        self._process: subprocess.Popen[bytes] | None = None
        # Made here: an engine without one ("none") takes away the docker0 of the engine that everybody uses.
        self._bridge = f"cbe-{secrets.token_hex(4)}"
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("addr", "add", f"10.{150 + secrets.randbelow(50)}.{secrets.randbelow(256)}.1/24", "dev", self._bridge)
        self._held: socket.socket | None = None
        if activated:
            self._held = socket.socket(socket.AF_UNIX)
            self._held.bind(self.url.removeprefix("unix://"))
            self._held.listen(64)

    def start(self) -> None:
        """It answers afterwards."""
        command = [
            "dockerd",
            *("--config-file", f"{self.folder}/daemon.json"),
            *("--data-root", f"{self.folder}/data"),
            *("--exec-root", f"{self.folder}/run"),
            *("--pidfile", f"{self.folder}/pid"),
            *("--host", "fd://" if self._held else self.url),
            *("--bridge", self._bridge),
            "--iptables=false",
            "--ip6tables=false",
            "--ip-forward=false",
            "--ip-masq=false",
        ]
        handed: tuple[int, ...] = ()
        if self._held is not None:
            handed = (self._held.fileno(),)
            hand_over = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{handed[0]}'
            command = ["bash", "-c", hand_over, "bash", *command]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, pass_fds=handed
            )
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the second engine does not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def end(self, how: signal.Signals) -> None:
        """Send *how* and wait for its end."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE)
            self._process = None
        self._forget_the_killed()

    async def restart(self, how: signal.Signals, away: float) -> None:
        """End it by *how*, leave it away for so many seconds, start it again."""
        await asyncio.to_thread(self.end, how)
        await asyncio.sleep(away)
        await asyncio.to_thread(self.start)

    def client(self) -> docker.APIClient:
        """A connection to it."""
        return docker.APIClient(base_url=self.url, timeout=_PATIENCE)

    def close(self) -> None:
        """Nothing of it is left: containers, processes, mounts, files."""
        if self._process is None:
            self.start()
        with contextlib.closing(self.client()) as client:
            for one in client.containers(all=True):
                client.remove_container(one["Id"], force=True)
        self.end(signal.SIGTERM)
        for line in reversed(Path("/proc/mounts").read_text().splitlines()):
            if (mounted := line.split()[1]).startswith(f"{self.folder}/"):
                subprocess.run(["umount", mounted], check=False, capture_output=True)  # noqa: S603, S607
        if self._held is not None:
            self._held.close()
        shutil.rmtree(self.folder)
        _ip("link", "delete", self._bridge)

    def _forget_the_killed(self) -> None:
        """A killed engine leaves its pid file, and a containerd that takes a moment to die of it."""
        (self.folder / "pid").unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            helper = Path("/proc") / (self.folder / "run/containerd/containerd.pid").read_text().strip()
            while helper.exists():
                time.sleep(0.05)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            ping(self.url)
            return True
        return False


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)  # noqa: S603, S607
