"""Step 6: Ann's agent sleeps, a stranger does not wake it, and her next word does."""

from __future__ import annotations

import time

from manager_bot.demo.play.cast import Cast

STRANGER_SECONDS = 4
DOWN = ("paused", "exited")
"""Frozen where the host has swap, else stopped."""


async def sleeping(cast: Cast) -> None:
    """Put to sleep by a button, woken by a message, and nothing of it lost."""
    ann, bob, stage, box = cast.local.ann, cast.local.bob, cast.stage, cast.box("Ann")
    await ann.send(cast.manager, "/status")
    await cast.see(ann, "", button="Sleep")
    await cast.tap(ann, "Sleep")
    await cast.see(ann, "Asleep", within=60)

    async def is_down() -> bool:
        return await box.status() in DOWN

    await stage.prove_soon(is_down, "Sleep: the card says asleep, and the container is frozen or stopped")
    await bob.send(cast.bots["Ann"], "Wake up!")
    await stage.prove_stays(is_down, "Bob writes to Ann's bot and wakes nobody", seconds=STRANGER_SECONDS)
    last = (await cast.local.world.transcript(bot=cast.bots["Ann"]))[-1].number
    began = time.monotonic()
    answer = await cast.ask(ann, "What time is it?")
    stage.timings["seconds from a message to a sleeping agent to its answer"] = time.monotonic() - began
    stage.prove("UTC" in answer.text, f"Ann writes, her agent wakes and answers: {answer.text!r}")
    calls = await cast.local.world.transcript(bot=cast.bots["Ann"], after=last)
    told = [call.method for call in calls if call.method.startswith("send")]
    stage.prove(told[0] == "sendChatAction", "before that she saw that it was typing")
    stage.prove(await box.is_running(), "its container runs again")
    await cast.running(ann)
