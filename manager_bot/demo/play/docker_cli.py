"""Docker seen from outside, through its own command: what the journey believes instead of the manager's word."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any


class DockerFailed(AssertionError):
    """The docker command refused."""


async def docker(*arguments: str, check: bool = True) -> str:
    """Run a docker command; its output (both streams). Raises :class:`DockerFailed` if it fails."""
    process = await asyncio.create_subprocess_exec(
        "docker",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    text = output.decode(errors="replace")
    if check and process.returncode != 0:
        raise DockerFailed(f"docker {' '.join(arguments[:3])}…: {text.strip()[-300:]}")
    return text


async def containers(prefix: str) -> list[str]:
    """The names of all containers, running or not, that begin with *prefix*."""
    listing = await docker("ps", "--all", "--format", "{{.Names}}")
    return sorted(name for name in listing.split() if name.startswith(prefix))


@dataclass(frozen=True, slots=True)
class Box:
    """One container, by its name."""

    name: str

    async def inspect(self) -> dict[str, Any]:
        """Everything the engine knows of it; empty when it does not exist."""
        output = await docker("container", "inspect", self.name, check=False)
        try:
            found: list[dict[str, Any]] = json.loads(output)
        except ValueError:
            found = json.loads(output[: output.rindex("]") + 1]) if "]" in output else []
        return found[0] if found else {}

    async def status(self) -> str:
        """The engine's word for its state, or ``missing``."""
        return str((await self.inspect()).get("State", {}).get("Status", "missing"))

    async def is_running(self) -> bool:
        return await self.status() == "running"

    async def started_at(self) -> str:
        """When its main process last started, as the engine writes it."""
        return str((await self.inspect()).get("State", {}).get("StartedAt", ""))

    async def run(self, *command: str) -> tuple[int, str]:
        """Run a busybox command inside as the agent's own user; exit status and output."""
        return await self._inside("/bin/busybox", *command)

    async def node(self, script: str, argument: str) -> tuple[int, str]:
        """Run a script inside with the agent's own Node, which can do whatever the agent can."""
        return await self._inside("/usr/local/bin/node", "-e", script, argument)

    async def _inside(self, *command: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            "docker",
            "exec",
            "--user",
            "1000:1000",
            self.name,
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode(errors="replace")

    async def kill(self) -> None:
        """What a careless root does: `docker kill`."""
        await docker("kill", self.name)
