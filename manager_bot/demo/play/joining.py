"""Steps 1 to 3: welcome, the bot's token, provisioning."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from manager_bot.demo.client import BotView, Person
from manager_bot.demo.gemini.state import DEMO_KEY
from manager_bot.demo.play.cast import Cast
from manager_bot.demo.play.confinement import Confinement
from manager_bot.demo.play.docker_cli import containers


async def welcome(cast: Cast) -> None:
    """1. A stranger sends /start."""
    ann, stage = cast.local.ann, cast.stage
    ivan = await cast.newcomer("Ivan", language="ru")
    await ivan.send(cast.manager, "/start")
    await cast.see(ivan, "Здравствуйте", button="English")
    stage.prove(True, "Ivan, whose Telegram is Russian, is welcomed in Russian")
    await cast.tap(ivan, "English")
    await cast.see(ivan, "Hi, Ivan", button="Get started")
    stage.prove(True, "Ivan changes the language, and is welcomed in English")

    await ann.send(cast.manager, "/start")
    await cast.see(ann, "Hi, Ann", button="Get started")
    await cast.tap(ann, "Get started")
    page = await cast.connect_github(ann)
    stage.prove("@ann is connected" in page, "Ann connects her GitHub account in a browser, and confirms whose it is")
    plans = await cast.see(ann, "GitHub is connected as @ann", button="Starter")
    stage.prove("Pick a plan" in plans.text, "back in the chat the card has gone on to the plans by itself")
    for limit in ("256 MB", "512 MB", "1 GB", "1,000,000", "10,000,000", "50,000,000"):
        stage.prove(limit in plans.text, f"the plans show their limits: {limit}")
    await cast.tap(ann, "Starter")
    await cast.see(ann, "BotFather")


async def refused_tokens(cast: Cast) -> None:
    """2. Every token that cannot be used gets its own answer, and is deleted from the chat."""
    ann, world, stage = cast.local.ann, cast.local.world, cast.stage
    hooked = await world.bot("hooked_bot", owner=ann)
    await _telegram(cast, hooked, "setWebhook", url="https://example.org/hook")
    polled = await world.bot("polled_bot", owner=ann)
    rival = asyncio.create_task(_poll_for_ever(cast, polled))
    gone = await world.bot("gone_bot", owner=ann)
    await world.revoke(gone)
    cases = {
        "not a token": ("12345:too-short", "does not look like a bot token"),
        "an unknown token": (gone.token, "does not know this token"),
        "the manager's own": (cast.manager.token, "my own token"),
        "one with a webhook": (hooked.token, "has a webhook"),
        "one another program polls": (polled.token, "Another program is using"),
    }
    answers = {}
    for what, (token, words) in cases.items():
        answers[what] = await _refused(cast, ann, token, words)
        stage.prove(True, f"{what}: refused in its own words, and deleted from the chat")
    rival.cancel()
    stage.prove(len(set(answers.values())) == len(cases), "no two of these answers are the same")
    stage.prove(await containers(cast.local.place.name_prefix) == [], "nothing was started for any of them")


async def _refused(cast: Cast, person: Person, token: str, words: str) -> str:
    sent = await person.send(cast.manager, token)
    answer = await person.wait_for(cast.manager, lambda m: words.lower() in m.text.lower(), within=20)
    messages = {message.id: message for message in await person.messages(cast.manager)}
    cast.stage.prove(messages[sent.id].deleted, "the message with the token is gone")
    return answer.text


async def provisioning(cast: Cast) -> None:
    """3. Two people at the same moment, one of them pressing twice: two agents, each ready and confined."""
    ann, bob, stage = cast.local.ann, cast.local.bob, cast.stage
    await cast.join(bob, "Starter")
    bots = {person.name: await cast.make_bot(person) for person in (ann, bob)}
    began = time.monotonic()
    await asyncio.gather(
        ann.send(cast.manager, bots["Ann"].token),
        ann.send(cast.manager, bots["Ann"].token),
        bob.send(cast.manager, bots["Bob"].token),
    )
    await cast.connected(ann)
    stage.timings["seconds from token sent to “Bot connected!”, two at once"] = time.monotonic() - began
    await cast.connected(bob)
    stage.prove(len(await containers(cast.local.place.name_prefix)) == 2, "two people, three messages: two containers")
    for person in (ann, bob):
        bot = await cast.local.world.show_bot(bots[person.name])
        stage.prove(bot.polling, f"@{bot.username} is polled by its agent")
    thief = await cast.newcomer("Mallory")
    await cast.join(thief, "Free")
    await _refused(cast, thief, bots["Ann"].token, "already works")
    stage.prove(True, "a bot that is registered is not given to a second person")


async def confinement(cast: Cast) -> None:
    """3. What must fail inside Ann's container, tried there."""
    environment = cast.local.environment
    subnet = cast.local.place.agent_subnet
    confined = Confinement(
        stage=cast.stage,
        box=cast.box("Ann"),
        neighbour=cast.box("Bob"),
        bridge_address=subnet.replace(".0/24", ".1"),
        gateway_port=cast.local.place.gateway_port,
    )
    secrets = {
        "bot token of its own": cast.bots["Ann"].token,
        "bot token of its neighbour": cast.bots["Bob"].token,
        "manager's token": cast.manager.token,
        "Gemini key": environment.get("CLAWBOT_GEMINI_API_KEY", DEMO_KEY),
        "database key": environment["CLAWBOT_SECRET_KEYS"],
    }
    await confined.prove(secrets, cast.local.data_dir / "agents")


async def one_tap(cast: Cast) -> None:
    """2. Where the manager may manage bots, one tap makes the bot and its token never passes through a chat."""
    tom = await cast.newcomer("Tom")
    await cast.join(tom, "Free")
    await tom.press(cast.manager, "Create", username="tom_agent_bot", name="Tom's agent")
    await cast.connected(tom)
    cast.bots["Tom"] = await cast.local.world.show_bot("tom_agent_bot")
    cast.stage.prove(await cast.box("Tom").is_running(), "one tap: Tom's agent runs")


async def _telegram(cast: Cast, bot: BotView, method: str, **parameters: object) -> dict[str, object]:
    """One raw Bot API call, as another program of the bot's owner makes it."""
    url = f"{cast.local.world.telegram_root}/bot{bot.token}/{method}"
    async with cast.local.world.session.post(url, json=parameters) as answer:
        result: dict[str, object] = await answer.json()
        return result


async def _poll_for_ever(cast: Cast, bot: BotView) -> None:
    """Another program, polling as such programs do: again at once, whatever happens."""
    while True:
        try:
            answer = await _telegram(cast, bot, "getUpdates", timeout=20)
        except aiohttp.ClientError:
            answer = {}
        if not answer.get("ok"):
            await asyncio.sleep(1)
