"""Who and what the journey's steps share."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from manager_bot.demo.client import BotView, MessageView, Person
from manager_bot.demo.gemini.client import GeminiControl
from manager_bot.demo.github import Browser, GitHubControl
from manager_bot.demo.local import LocalClawBot
from manager_bot.demo.play.docker_cli import Box
from manager_bot.demo.play.stage import Stage

ANSWER_SECONDS = 60
READY_SECONDS = 120


@dataclass(slots=True)
class Cast:
    """The installation, the stage, and the people's bots."""

    local: LocalClawBot
    stage: Stage
    gemini: GeminiControl
    dice: random.Random
    bots: dict[str, BotView] = field(default_factory=dict)

    @property
    def manager(self) -> BotView:
        return self.local.bot

    def box(self, name: str) -> Box:
        """The container of the agent whose owner is called *name*."""
        return Box(f"{self.local.place.name_prefix}-agent-{self.bots[name].id}")

    async def newcomer(self, name: str, language: str = "en") -> Person:
        """One more person, with a GitHub account, whom the stage knows by name."""
        await GitHubControl(self.local.world.session, self.local.root).join(name.lower())
        person = await self.local.world.person(name, username=name.lower(), language_code=language)
        self.stage.introduce(person.id, name)
        return person

    async def make_bot(self, owner: Person) -> BotView:
        """The person makes a bot at BotFather, and has its token."""
        bot = await self.local.world.bot(f"{owner.name.lower()}_agent_bot", owner=owner, name=f"{owner.name}'s agent")
        self.bots[owner.name] = bot
        return bot

    async def see(self, person: Person, text: str, *, button: str | None = None, within: float = 15) -> MessageView:
        """The person sees a message of the manager that says *text*."""
        return await person.wait_for(self.manager, text, button=button, within=within)

    async def tap(self, person: Person, button: str) -> None:
        """The person presses a button of the manager's."""
        await person.press(self.manager, button)

    async def join(self, person: Person, plan: str) -> None:
        """From the first word to the moment where the bot is asked for."""
        await person.send(self.manager, "/start")
        await self.see(person, "", button="English")
        await self.tap(person, "English")
        await self.see(person, "", button="Get started")
        await self.tap(person, "Get started")
        await self.connect_github(person)
        await self.see(person, "Pick a plan", button=plan)
        await self.tap(person, plan)
        await self.see(person, "BotFather")

    async def connect_github(self, person: Person) -> str:
        """The person follows the card's link in a browser and connects their account; the last page's text."""
        card = await self.see(person, "Connect GitHub", button="Open GitHub")
        button = card.button("Open GitHub")
        async with Browser() as browser:
            await browser.open(str(button.url if button else None))
            await browser.press(f"Authorize as @{person.name.lower()}")
            return await browser.press("Connect")

    async def connected(self, person: Person, within: float = READY_SECONDS) -> MessageView:
        """The card says, for the first time, that the bot is connected."""
        return await self.see(person, "Bot connected", within=within)

    async def running(self, person: Person, within: float = READY_SECONDS) -> MessageView:
        """The person asks for the card, and it comes to say that the agent runs."""
        asked = await person.send(self.manager, "/status")

        def runs(message: MessageView) -> bool:
            return "Running." in message.text or "Bot connected" in message.text

        return await person.wait_for(self.manager, runs, after=asked, within=within)

    async def ask(self, person: Person, question: str, within: float = ANSWER_SECONDS) -> MessageView:
        """The person writes to their own agent's bot and reads the answer."""
        sent = await person.send(self.bots[person.name], question)
        return await person.wait_for(
            self.bots[person.name], lambda message: bool(message.text), after=sent, within=within
        )
