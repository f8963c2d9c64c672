"""`clawbot demo`: a newcomer's ClawBot, with a chat page; `--play`: the whole journey, played and asserted."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from rich.console import Console

from manager_bot.demo.local import LocalClawBot, Place


def run(play: bool, port: int, seed: int | None) -> int:
    """Run the demo until Ctrl-C, or the journey to its end; the exit status."""
    return asyncio.run(_play(port, seed) if play else _open(port))


def place_at(port: int, name: str) -> Place:
    """A place of its own for each world port, so that a demo and a played journey can run side by side."""
    lane = (port - 8090) % 100
    return Place(
        folder=Path("var").absolute() / name,
        world_port=port,
        gateway_port=18_100 + lane,
        web_port=18_300 + lane,
        agent_ports="9100-9149" if lane == 0 else f"{20_000 + 50 * lane}-{20_049 + 50 * lane}",
        agent_subnet=f"172.30.{100 + lane}.0/24",
        name_prefix=f"clawbot-{name}",
    )


async def _open(port: int) -> int:
    console = Console(highlight=False)
    local = LocalClawBot(place_at(port, f"demo-{port}"), lambda line: console.print(f"[dim]•[/] {line}"))
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    try:
        await local.start()
        console.print(f"\n  [bold]ClawBot is open: {local.root}[/]\n")
        console.print(
            "  Play [bold]Ann[/] or [bold]Bob[/], the subscribers, or [bold]Ada[/], the admin. Ctrl-C ends it.\n"
            f"  What the public sees of it: {local.public_url}\n"
        )
        await ended.wait()
    finally:
        console.print("[dim]•[/] Stopping, and removing the demo's containers, network and firewall rules")
        await local.stop()
    return 0


async def _play(port: int, seed: int | None) -> int:
    from manager_bot.demo.play.journey import play  # noqa: PLC0415 - the journey is not loaded for the page

    return await play(place_at(port, f"play-{port}"), seed)
