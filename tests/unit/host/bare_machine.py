"""A machine whose commands are what a test says, for the scripts that set up a host."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

DEPLOY = Path(__file__).parents[3] / "deploy"


class Machine:
    """A machine whose commands are what the test says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(DEPLOY, root / "deploy")
        (root / "bin").mkdir()
        (root / ".venv/bin").mkdir(parents=True)
        self.command(".venv/bin/python", "exit 1")
        self.command("bin/id", "echo 0")
        self.command("bin/modprobe", "exit 0")

    def command(self, path: str, body: str) -> None:
        (self.root / path).write_text(f"#!/bin/sh\n{body}\n")
        (self.root / path).chmod(0o755)

    def run(
        self, script: str, environment: Mapping[str, str] | None = None, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        settings = {
            "PATH": f"{self.root}/bin:/usr/bin:/bin",
            "CLAWBOT_ENGINE_LOG": str(self.root / "log"),
            "CLAWBOT_ENGINE_ETC": str(self.root / "etc"),
            **(environment or {}),
        }
        command = ["sh", str(self.root / "deploy/host" / script), *arguments]
        return subprocess.run(command, env=settings, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 - our own script
