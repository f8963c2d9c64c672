"""Swap on this machine's own kernel: small, for a moment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "deploy/host/swap.sh"


def test_swap_comes_and_goes(tmp_path: Path) -> None:
    settings = {
        **os.environ,
        "CLAWBOT_SWAP_MB": "32",
        "CLAWBOT_SWAP_STATE": str(tmp_path / "state"),
        "CLAWBOT_SWAP_FILE": str(tmp_path / "swapfile"),
    }

    def run(verb: str) -> str:
        done = subprocess.run(["sh", str(SCRIPT), verb], env=settings, capture_output=True, text=True, check=False)  # noqa: S603,S607 - our own script
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        run("start")
        device = (tmp_path / "state").read_text().split()[1]
        assert device in Path("/proc/swaps").read_text()
        assert run("start") == f"swap: already on ({device})\n"
    finally:
        run("stop")
    assert device not in Path("/proc/swaps").read_text()
    assert run("stop") == "swap: nothing of ours is on\n"
