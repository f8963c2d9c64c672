"""The demo's two processes: the emulated world, and the real manager as a stranger would run it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from manager_bot.errors import OperatorError

STOP_SECONDS = 40


@dataclass(slots=True)
class Part:
    """One child process; what it writes goes to a file of its own."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        """Where its output is."""
        return self.folder / f"{self.name}.log"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id; raises :class:`RuntimeError` before its first start."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._process.pid

    async def start(self) -> None:
        """Start it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *self.arguments,
                cwd=self.folder,
                env={**_plain_environment(), **self.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def stop(self) -> None:
        """End it as an operator would, and for good if it does not listen."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """A real SIGKILL: nothing is tidied up."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def wait_end(self, within: float) -> int:
        """Wait until it has ended by itself; its exit status (-9 after SIGKILL). Raises :class:`TimeoutError`."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return await asyncio.wait_for(self._process.wait(), within)

    def last_line(self) -> str:
        """The last line it wrote, to tell why it ended."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else "it wrote nothing"


async def run_once(arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Run one `clawbot` command in *folder* to its end; its exit status and everything it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "manager_bot",
        *arguments,
        cwd=folder,
        env={**_plain_environment(), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode(errors="replace")


def need_port(port: int, option: str) -> None:
    """Raise :class:`OperatorError` if something listens on *port* of the loopback already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise OperatorError(
                f"port {port} is taken: end the program that listens there, or choose another with {option}"
            ) from None


def _plain_environment() -> dict[str, str]:
    """Ours, less every setting of an installation that may live on the same machine."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CLAWBOT_")}
