"""Steps 4 to 8: talking, usage, the card's buttons, the admin, a killed container."""

from __future__ import annotations

import asyncio
import re
import time

from manager_bot.demo.gemini.state import DEMO_KEY
from manager_bot.demo.play.cast import Cast

SILENCE_SECONDS = 8


async def talking(cast: Cast) -> None:
    """4. Ann asks, her agent answers; Bob gets nothing from it."""
    ann, bob, stage = cast.local.ann, cast.local.bob, cast.stage
    greeting = await cast.ask(ann, "/start")
    stage.prove(greeting.text, "Ann opens her agent's bot, presses Start, and is answered")
    began = time.monotonic()
    answer = await cast.ask(ann, "What time is it?")
    stage.timings["seconds from question to answer"] = time.monotonic() - began
    stage.prove(re.search(r"\d", answer.text), f"Ann's agent answers: {answer.text!r}")
    sent = await bob.send(cast.bots["Ann"], "What time is it?")
    silent = await bob.stays_silent(cast.bots["Ann"], seconds=SILENCE_SECONDS, after=sent)
    stage.prove(silent, "Bob writes to Ann's bot and gets nothing")


async def usage(cast: Cast) -> None:
    """5. /usage shows exactly what Gemini served."""
    ann, stage = cast.local.ann, cast.stage
    await asyncio.sleep(1)
    served = [row for row in await cast.gemini.served(key=DEMO_KEY) if row["outcome"] == "completed"]
    total = sum(row["usage"]["total"] for row in served)
    await ann.send(cast.manager, "/usage")
    shown = await cast.see(ann, f"{total:,}")
    stage.prove(f"{total:,}" in shown.text, f"/usage shows the {total:,} tokens that Gemini served, to the token")


async def card(cast: Cast) -> None:
    """6. /status, and its buttons, each true in Docker."""
    ann, stage, box = cast.local.ann, cast.stage, cast.box("Ann")
    await ann.send(cast.manager, "/status")
    shown = await cast.see(ann, "Starter", button="Restart")
    stage.prove("Running." in shown.text, "/status: the card says that it runs, on Starter")
    before = await box.started_at()
    await cast.tap(ann, "Restart")

    async def started_anew() -> bool:
        return await box.started_at() > before and await box.is_running()

    await stage.prove_soon(started_anew, "Restart: the container was started anew")
    await cast.see(ann, "", button="Stop", within=90)
    await cast.tap(ann, "Stop")

    async def stopped() -> bool:
        return await box.status() in ("exited", "missing")

    await stage.prove_soon(stopped, "Stop: the container does not run")
    await cast.see(ann, "", button="Start")
    await stage.prove_stays(stopped, "a stop that Ann asked for is not undone", seconds=5)
    await cast.tap(ann, "Start")

    await stage.prove_soon(box.is_running, "Start: the container runs again")
    await cast.running(ann)


async def administration(cast: Cast) -> None:
    """7. Ada looks after the platform; nobody else can."""
    ada, ann, stage, box = cast.local.ada, cast.local.ann, cast.stage, cast.box("Ann")
    refused = await ann.send(cast.manager, "/admin")
    answer = await ann.wait_for(cast.manager, lambda m: bool(m.text), after=refused)
    stage.prove("administrators only" in answer.text, "Ann sends /admin and is refused")
    await ada.send(cast.manager, "/admin")
    await cast.see(ada, "Overview", button="Users")
    await cast.tap(ada, "Users")
    await cast.see(ada, "Users", button="Ann")
    await cast.tap(ada, "Ann")
    await cast.see(ada, "Ann", button="Restart")
    before = await box.started_at()
    await cast.tap(ada, "Restart")

    async def started_anew() -> bool:
        return await box.started_at() > before and await box.is_running()

    await stage.prove_soon(started_anew, "Ada restarts Ann's agent")
    await cast.see(ada, "", button="Logs")
    await cast.tap(ada, "Logs")
    logs = await cast.see(ada, "Logs of Ann", within=20)
    secrets = (cast.bots["Ann"].token, cast.manager.token, DEMO_KEY)
    stage.prove(not any(secret in logs.text for secret in secrets), "Ada reads its logs, without a secret in them")
    listing = await ann.send(cast.manager, "/users")
    answer = await ann.wait_for(cast.manager, lambda m: bool(m.text), after=listing)
    stage.prove("administrators only" in answer.text, "Ann sends /users and is refused")
    await cast.running(ann)


async def killed(cast: Cast) -> None:
    """8. `docker kill`: running again within seconds; the admin is told, with buttons that work."""
    ada, ann, stage, box = cast.local.ada, cast.local.ann, cast.stage, cast.box("Ann")
    before = await box.started_at()
    await box.kill()

    async def back() -> bool:
        return await box.is_running() and await box.started_at() > before

    stage.timings["seconds from `docker kill` to running"] = await stage.prove_soon(back, "running again", within=20)
    alert = await cast.see(ada, "Stopped unexpectedly", button="Restart")
    stage.prove(alert.has_button("Logs"), "Ada is told, with a Restart and a Logs button")
    await cast.running(ann)
    answer = await cast.ask(ann, "Are you there?")
    stage.prove(answer.text, "Ann's agent answers again")
