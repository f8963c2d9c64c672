"""A manager bot to be talked to, and hands to play the watchdog with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr

from manager_bot.clock import OffsetClock
from manager_bot.demo.client import BotView, Person, Pressed, WorldClient
from manager_bot.services.accounts import Accounts
from manager_bot.services.agents import Agents
from manager_bot.services.audit import Audit
from manager_bot.services.budgets import Budgets
from manager_bot.services.capacity import HostMemory, Needs
from manager_bot.services.incidents import Incidents
from manager_bot.services.ledger import Ledger
from manager_bot.services.notices import BudgetNotices
from manager_bot.services.outbox import Outbox
from manager_bot.services.registration import Registration
from manager_bot.services.sizing import Sizing
from manager_bot.services.usage import Usage
from manager_bot.telegram.api import make_bot, open_session
from manager_bot.telegram.bots import TelegramBots
from manager_bot.telegram.dispatcher import UseCases
from manager_bot.telegram.manager import ManagerBot, introduce
from manager_bot.texts import Texts
from manager_bot.vault import Vault
from models import Agent, ContainerStatus, Stage
from models.database import connected, sqlite_url

TEXTS = Texts.load()


@dataclass
class QuietRuntime:
    """What the chat needs of a runtime: logs."""

    written: str = "started\ntalking to telegram"

    async def logs(self, _agent_id: int, _lines: int) -> str:
        return self.written


@dataclass
class Bell:
    """Takes the place of the watchdog's wake-up."""

    poked: list[int] = field(default_factory=list)

    def poke(self, agent_id: int) -> None:
        self.poked.append(agent_id)


class OpenDoor:
    async def is_open(self) -> bool:
        return True


@dataclass
class House:
    """Everything of one running manager bot."""

    world: WorldClient
    bot: BotView
    root: Person
    clock: OffsetClock
    vault: Vault
    outbox: Outbox
    use: UseCases
    incidents: Incidents
    runtime: QuietRuntime
    manager: ManagerBot
    admins: list[Person]

    async def agent_runs(self, bot_username: str, stage: Stage = Stage.CONNECTED) -> Agent:
        """What the watchdog would write once the agent is that far."""
        agent = await Agent.get(bot_username=bot_username)
        agent.stage, agent.container_status, agent.wish_done = stage, ContainerStatus.RUNNING, agent.wish
        agent.revision += 1
        await agent.save()
        return agent

    async def subscriber(self, name: str, language: str = "en") -> tuple[Person, BotView]:
        """A person whose agent runs."""
        person = await self.world.person(name, username=name.lower(), language_code=language)
        their = await self.world.bot(f"{name.lower()}_helper_bot", owner=person, name=f"{name}'s helper")
        await person.send(self.bot, "/start")
        await person.wait_for(self.bot, button="→")
        await person.send(self.bot, their.token)
        await person.wait_for(self.bot, lambda m: "▫️" in m.text)
        await self.agent_runs(their.username)
        await person.wait_for(self.bot, lambda m: m.has_button(f"@{their.username}"))
        return person, their

    async def forge(self, person: Person, data: str) -> Pressed:
        """A press on a button the manager never made: it is planted in the chat with the manager's own token."""
        keys = {"inline_keyboard": [[{"text": "x", "callback_data": data}]]}
        ask = {"chat_id": person.id, "text": "planted", "reply_markup": keys}
        root = self.world.telegram_root
        async with self.world.session.post(f"{root}/bot{self.bot.token}/sendMessage", json=ask) as answer:
            planted = (await answer.json())["result"]["message_id"]
        return await person.press(self.bot, data=data, message=planted)

    async def begin_again(self) -> None:
        """A new manager on the same database, as after a restart of the process; the old one is stopped or dead."""
        self.manager = await make_manager(self.world, self.bot, self.vault, self.use)
        await self.manager.start()


async def make_manager(world: WorldClient, view: BotView, vault: Vault, use: UseCases) -> ManagerBot:
    bot = make_bot(SecretStr(view.token), open_session(world.telegram_root))
    return ManagerBot(world.telegram_root, bot, await introduce(bot), use, vault)


@asynccontextmanager
async def open_house(
    world: WorldClient, database: Path, *, one_tap: bool = True, admins: Sequence[str] = ()
) -> AsyncIterator[House]:
    """*admins* are the names of further ones."""
    root = await world.person("Root", username="root", language_code="en")
    view = await world.bot("clawbot", owner=root, can_manage_bots=one_tap)
    async with connected(sqlite_url(database)):
        clock, bell, runtime = OffsetClock(), Bell(), QuietRuntime()
        vault = Vault([SecretStr(Fernet.generate_key().decode())])
        people = [root, *[await world.person(name, language_code="en") for name in admins]]
        ids = tuple(person.id for person in people)
        audit, outbox = Audit(clock), Outbox(clock, ids)
        incidents = Incidents(clock, outbox, audit, bell)
        accounts = Accounts(audit, outbox, bell)
        agents = Agents(clock, runtime, audit, bell)  # type: ignore[arg-type]
        sizing = Sizing(HostMemory.of(4096, 0), Needs(minimum_mb=384, awake_mb=358, asleep_mb=158))
        asking = open_session(world.telegram_root)
        bots = TelegramBots(make_bot(SecretStr(view.token), asking), world.telegram_root, watch_seconds=1.5)
        registration = Registration(view.id, "t", (19700, 19720), clock, vault, sizing, OpenDoor(), bots, audit, bell)
        budgets = Budgets(clock, BudgetNotices(outbox, lambda: view.username), Ledger("test"))
        use = UseCases(
            clock, TEXTS, accounts, agents, registration, sizing, audit, Usage(clock, budgets), incidents, ids
        )
        house = House(
            world,
            view,
            root,
            clock,
            vault,
            outbox,
            use,
            incidents,
            runtime,
            await make_manager(world, view, vault, use),
            people,
        )
        await house.manager.start()
        try:
            yield house
        finally:
            await house.manager.stop()
            await asking.close()
