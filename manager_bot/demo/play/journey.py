"""The journey's steps, in order."""

from __future__ import annotations

import random
import secrets
import time
from contextlib import AsyncExitStack

from rich.console import Console

from manager_bot.demo.gemini.client import GeminiControl
from manager_bot.demo.local import LocalClawBot, Place
from manager_bot.demo.play import crashing, joining, leaving, living, sleeping
from manager_bot.demo.play.cast import Cast
from manager_bot.demo.play.stage import Stage
from manager_bot.errors import OperatorError

STEPS = (
    ("1 · A stranger says hello", joining.welcome),
    ("2 · Tokens that cannot be used", joining.refused_tokens),
    ("3 · Two people, two agents", joining.provisioning),
    ("3 · What an agent must not do", joining.confinement),
    ("2 · One tap instead of a token", joining.one_tap),
    ("4 · A question, an answer", living.talking),
    ("5 · Usage, to the token", living.usage),
    ("5 · The end of a budget", leaving.budget),
    ("6 · The card and its buttons", living.card),
    ("6 · Asleep, and awake at a word", sleeping.sleeping),
    ("7 · The admin", living.administration),
    ("8 · docker kill", living.killed),
    ("9 · Killed while provisioning", crashing.crashes_while_provisioning),
    ("9 · Killed while living", crashing.crashes_while_living),
    ("9 · Killed at random", crashing.random_deaths),
    ("10 · Farewell", leaving.deletion),
)


async def play(place: Place, seed: int | None) -> int:
    """Play everything; 0 only if all of it really happened. *seed* repeats the random moments of an earlier run."""
    seed = secrets.randbelow(10**6) if seed is None else seed
    console = Console(highlight=False)
    console.print(f"[bold]The journey[/], with seed {seed}")
    stage = Stage(console)
    local = LocalClawBot(place, stage.note)
    local.settings["CLAWBOT_FAILPOINT"] = f"@{local.failpoint}"
    began = time.monotonic()
    try:
        await local.start()
        stage.follow(local.world)
        await _play_steps(Cast(local, stage, GeminiControl(local.world.session, local.root), random.Random(seed)))  # noqa: S311
    except (AssertionError, TimeoutError, OperatorError) as failure:
        console.print(f"\n[bold red]✗[/] {failure or type(failure).__name__} (seed {seed}; logs in {place.folder})")
        return 1
    finally:
        await stage.close()
        await local.stop()
    _report(console, stage, time.monotonic() - began)
    return 0


async def _play_steps(cast: Cast) -> None:
    for person in (cast.local.ann, cast.local.bob, cast.local.ada):
        cast.stage.introduce(person.id, person.name)
    async with AsyncExitStack() as stack:
        for title, act in STEPS:
            async with cast.stage.step(title):
                await act(cast)
            if act is joining.provisioning:
                await stack.enter_async_context(crashing.bystander(cast))


def _report(console: Console, stage: Stage, seconds: float) -> None:
    console.rule("[bold green]The whole journey happened", align="left")
    console.print(f"  {stage.proven} things proven in {seconds / 60:.1f} minutes")
    for what, took in stage.timings.items():
        console.print(f"  {took:6.1f}  {what}")
