"""The whole journey, as `make demo PLAY=1` plays it: real processes, real containers, people at their phones."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PORT = 8141
"""Another lane than the demo's and the command's own: all three may run side by side."""


@pytest.mark.timeout(1200)
async def test_the_whole_journey_happens() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "manager_bot", "demo", "--play", "--port", str(PORT)),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("CLAWBOT_")},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    text = output.decode(errors="replace")
    assert process.returncode == 0, text[-6000:]
    assert "The whole journey happened" in text
