"""A watchdog over real stand-in containers and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

import aiohttp
import docker
from standin_agent import Plot

from manager_bot.clock import OffsetClock
from manager_bot.errors import RuntimeUnavailable
from manager_bot.runtime.base import AgentSpec, ContainerState
from manager_bot.runtime.docker import DockerRuntime
from manager_bot.runtime.kernel import MemoryNow
from manager_bot.services.accounts import Accounts
from manager_bot.services.audit import Actor, Role
from manager_bot.services.incidents import Incidents
from manager_bot.services.outbox import NoticeKind, Outbox
from manager_bot.watchdog.bedtime import Bedtime
from manager_bot.watchdog.bell import Bell
from manager_bot.watchdog.chronicle import Chronicle
from manager_bot.watchdog.gate import StartGate
from manager_bot.watchdog.health import HealthProbe
from manager_bot.watchdog.keeper import Keeper
from manager_bot.watchdog.relief import Relief
from manager_bot.watchdog.rounds import Rounds
from manager_bot.watchdog.watchdog import Periods, Watchdog
from models import Agent, Cause, ContainerEventRow, ContainerStatus, Incident, Notification, Stage, Trouble, User

ADMIN = 900


class PlotSpecs:
    """The stand-in's spec for a row."""

    def __init__(self, plot: Plot) -> None:
        self.plot = plot
        self.changes: dict[str, object] = {}
        self.good: set[int] = set()
        self.stepped_back: list[int] = []

    async def build(self, agent: Agent) -> AgentSpec:
        return self.plot.spec(agent.id, name=agent.container_name, health_port=agent.container_port, **self.changes)

    async def approve(self, agent: Agent) -> None:
        self.good.add(agent.id)

    async def can_step_back(self, agent: Agent) -> bool:
        return agent.id in self.good

    async def step_back(self, agent: Agent) -> None:
        self.good.discard(agent.id)
        self.stepped_back.append(agent.id)


class SetTimers:
    """Timers as a test says."""

    def __init__(self) -> None:
        self.due: datetime | None = None

    async def next_due(self, _: Agent) -> datetime | None:
        return self.due


class Digger:
    """Forgets the row; the real one archives first."""

    async def bury(self, agent: Agent) -> None:
        await agent.delete()


@dataclass
class World:
    """The parts, and what a test asks of them."""

    plot: Plot
    runtime: DockerRuntime
    specs: PlotSpecs
    bell: Bell
    clock: OffsetClock
    incidents: Incidents
    outbox: Outbox
    session: aiohttp.ClientSession
    periods: Periods = field(
        default_factory=lambda: Periods(wishes=0.1, health=0.1, compare=1, memory=0.2, idle=0.1, engine=0.3, relief=0.2)
    )
    timers: SetTimers = field(default_factory=SetTimers)
    available_mb: int = 8000
    """What its made-up host of 16 GiB has to give."""
    watchdog: Watchdog | None = None
    engine_url: str | None = None
    """Where its engine listens; nothing: as DOCKER_HOST says."""

    def build(self, runtime: object | None = None) -> Watchdog:
        """A fresh watchdog, as after a restart of the process."""
        uses: DockerRuntime = runtime or self.runtime  # type: ignore[assignment]
        chronicle = Chronicle(uses, self.incidents, self.clock)
        bedtime = Bedtime(uses, chronicle, self.timers, self.clock, boost=2.0)
        gate = StartGate(4, self.bell.poke)
        keeper = Keeper(
            uses, self.specs, Digger(), chronicle, bedtime, gate, self.clock, boost=2.0, ports=self.plot.ports
        )
        rounds = Rounds(keeper, uses, HealthProbe(self.session, patience=1), self.bell, self.clock)
        relief = Relief(self.memory_now, uses, self.incidents, self.clock, attrgetter("sleep_after"), left=0.4)
        self.watchdog = Watchdog(
            keeper,
            rounds,
            uses,
            self.incidents,
            self.outbox,
            self.bell,
            self.clock,
            periods=self.periods,
            relief=relief,
        )
        return self.watchdog

    def memory_now(self) -> MemoryNow:
        return MemoryNow(16384, self.available_mb, 16384, 16384)

    async def agent(self, plan: str = "starter") -> Agent:
        number = await User.all().count() + 1
        user = await User.create(telegram_id=number, name=f"U{number}", plan=plan)
        agent = await Agent.create(
            user=user,
            bot_id=number,
            bot_username=f"bot{number}",
            bot_name="Bot",
            bot_token="sealed",
            bot_token_fingerprint=f"t{number}",
            gateway_key="sealed",
            gateway_key_fingerprint=f"k{number}",
            container_name=self.plot.name(number),
            container_port=self.plot.first_port + number,
        )
        self.bell.poke(agent.id)
        return agent

    async def wish(self, agent: Agent, **changes: object) -> None:
        row = await Agent.get(id=agent.id)
        await Agent.filter(id=agent.id).update(wish=row.wish + 1, **changes)
        self.bell.poke(agent.id)

    async def set_active(self, agent: Agent, active: bool) -> None:
        """An admin suspends the owner, or lets them back in."""
        accounts = Accounts(self.incidents.audit, self.outbox, self.bell)
        await accounts.set_active(await User.get(id=agent.user_id), active, Actor(ADMIN, Role.ADMIN))

    async def poll(self, agent: Agent) -> None:
        """The agent asks the Telegram door for updates, as the gateway writes it down."""
        values = {"last_poll_at": self.clock.now(), "updates_waiting": 0, "waiting_since": None}
        await Agent.filter(id=agent.id).update(**values)
        self.bell.polled(agent.id)

    async def connected(self, plan: str = "starter") -> Agent:
        agent = await self.agent(plan)
        await self.until(lambda: self.is_stage(agent, Stage.CONNECTING))
        await self.poll(agent)
        await self.until(lambda: self.is_stage(agent, Stage.CONNECTED))
        return agent

    async def reconnected(self, agent: Agent) -> None:
        await self.until(lambda: self.is_stage(agent, Stage.CONNECTING))
        await self.poll(agent)
        await self.until(lambda: self.is_stage(agent, Stage.CONNECTED))
        for _ in range(30):  # incidents end a moment after the stage was saved; whether they did is the test's question
            if not await Incident.filter(agent_id=agent.id, closed_at=None).exists():
                return
            await asyncio.sleep(0.1)

    async def is_stage(self, agent: Agent, stage: Stage) -> bool:
        return (await Agent.get(id=agent.id)).stage is stage

    async def state(self, agent: Agent) -> ContainerState | None:
        return await self.runtime.state(agent.id)

    async def is_down(self, agent: Agent) -> bool:
        state = await self.state(agent)
        return state is not None and state.status is ContainerStatus.EXITED

    async def has_trouble(self, agent: Agent, trouble: Trouble | None) -> bool:
        return (await Agent.get(id=agent.id)).trouble is trouble

    async def attempts_are(self, agent: Agent, count: int) -> bool:
        return (await Agent.get(id=agent.id)).restart_count == count

    async def is_over(self, incident: Incident) -> bool:
        return (await Incident.get(id=incident.id)).closed_at is not None

    async def runs(self, agent: Agent) -> bool:
        state = await self.state(agent)
        return state is not None and state.status is ContainerStatus.RUNNING

    async def runs_anew(self, agent: Agent, before: ContainerState) -> bool:
        state = await self.state(agent)
        return state is not None and state.status is ContainerStatus.RUNNING and state.started_at != before.started_at

    async def until(self, condition: Callable[[], Awaitable[object]], seconds: float = 20) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while not await condition():
            assert asyncio.get_running_loop().time() < deadline, await self.story()
            await asyncio.sleep(0.05)

    async def stays(self, condition: Callable[[], Awaitable[object]], seconds: float = 2) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            assert await condition(), await self.story()
            await asyncio.sleep(0.1)

    async def story(self) -> str:
        rows = await Agent.all().values("id", "desired_state", "stage", "trouble", "restart_count", "container_status")
        events = await ContainerEventRow.all().values_list("agent_id", "event_type", "details")
        return f"{rows}\n{events}\n{await Incident.all().values('cause', 'gave_up', 'closed_at')}"

    async def incident(self, agent: Agent | None, cause: Cause) -> Incident | None:
        return await Incident.filter(agent_id=agent.id if agent else None, cause=cause).order_by("-id").first()

    async def told(self, chat: int, kind: NoticeKind) -> int:
        return await Notification.filter(chat_id=chat, kind=kind.value).count()

    async def events(self, agent: Agent) -> list[tuple[str, str]]:
        rows = await ContainerEventRow.filter(agent_id=agent.id).order_by("id")
        return [(row.event_type, row.severity) for row in rows]

    def kill(self, agent: Agent, *, remove: bool = False) -> None:
        client = docker.APIClient(base_url=self.engine_url)
        (found,) = client.containers(
            all=True, filters={"label": [f"clawbot.agent={agent.id}", f"clawbot.installation={self.plot.mark}"]}
        )
        client.remove_container(found["Id"], force=True) if remove else client.kill(found["Id"])
        client.close()

    def pass_time(self, **period: float) -> None:
        self.clock.offset += timedelta(**period)


class Down:
    """The runtime of an engine that does not answer while ``is_down``."""

    def __init__(self, runtime) -> None:
        self._runtime = runtime
        self.is_down = False

    def __getattr__(self, name):
        real = getattr(self._runtime, name)

        async def call(*args, **kwargs):
            if self.is_down:
                raise RuntimeUnavailable
            return await real(*args, **kwargs)

        async def events(since):
            async for event in real(since):
                if self.is_down:
                    raise RuntimeUnavailable
                yield event

        return events if name == "events" else call
