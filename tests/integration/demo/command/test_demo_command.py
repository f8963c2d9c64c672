"""`clawbot demo` where something stands in its way: one line that names it and the cure."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import pytest


async def demo(folder: Path, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "manager_bot", "demo", *arguments),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, " ".join(output.decode().split())


@pytest.mark.parametrize("play", [(), ("--play",)])
async def test_a_taken_port_is_one_line_and_nothing_is_left(tmp_path: Path, play: tuple[str, ...]) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        status, said = await demo(tmp_path, *play, "--port", str(port))
    assert status != 0
    assert f"port {port} is taken" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("port", ["0", "-1", "70000", "eighty"])
async def test_a_number_that_is_no_port_is_refused_by_name(tmp_path: Path, port: str) -> None:
    status, said = await demo(tmp_path, f"--port={port}")
    assert status == 2
    assert "is not a port" in said
