"""Step 5's end, the daily budget, and step 10: deletion."""

from __future__ import annotations

from manager_bot.demo.play.cast import Cast
from manager_bot.demo.play.docker_cli import containers

FREE_BUDGET = 1_000_000


async def budget(cast: Cast) -> None:
    """5. At the daily budget the agent gets a 429, and its owner is told in both chats."""
    tom, stage = next(p for p in await cast.local.world.people() if p.name == "Tom"), cast.stage
    await cast.gemini.script(
        {"text": "That was expensive.", "usage": {"promptTokenCount": FREE_BUDGET, "candidatesTokenCount": 10}},
        {"words": "expensive"},
        left=1,
    )
    await tom.send(cast.bots["Tom"], "Tell me something expensive")
    await tom.wait_for(cast.bots["Tom"], "That was expensive", within=60)
    stage.prove(True, "Tom's agent answers once more, and has used the day's budget")
    await cast.see(tom, "Today's tokens are used up", within=20)
    stage.prove(True, "Tom is told in the manager's chat")
    await tom.wait_for(cast.bots["Tom"], "Today's tokens are used up", within=20)
    stage.prove(True, "and in his agent's chat")
    served = len(await cast.gemini.served())
    sent = await tom.send(cast.bots["Tom"], "And now?")
    await tom.stays_silent(cast.bots["Tom"], seconds=5, after=sent)
    stage.prove(len(await cast.gemini.served()) == served, "his next question does not reach Gemini")


async def deletion(cast: Cast) -> None:
    """10. A typed name deletes; the data is kept for seven days; the token is free at once."""
    bob, stage, bot = cast.local.bob, cast.stage, cast.bots["Bob"]
    await bob.send(cast.manager, "/status")
    await cast.see(bob, "", button="Delete")
    await cast.tap(bob, "Delete")
    await cast.see(bob, bot.username)
    await bob.send(cast.manager, "not its name")
    stage.prove(await cast.box("Bob").is_running(), "a wrong name deletes nothing")
    await bob.send(cast.manager, bot.username)
    name = cast.box("Bob").name

    async def gone() -> bool:
        return not await containers(name)

    await stage.prove_soon(gone, "the right name: the container is gone")
    kept = list((cast.local.data_dir / "archive").iterdir())
    stage.prove(kept, "its data is kept in the archive")
    carol = await cast.newcomer("Carol")
    await cast.join(carol, "Starter")
    cast.bots["Carol"] = bot
    await carol.send(cast.manager, bot.token)
    await cast.connected(carol)
    stage.prove(await cast.box("Carol").is_running(), "the same token is registered again, by Carol")
