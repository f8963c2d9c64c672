"""Use cases on one agent. Each writes a wish; the watchdog makes it come true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from tortoise.expressions import F
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from manager_bot.clock import Clock
from manager_bot.errors import AgentMissing, NameMismatch, Suspended
from manager_bot.failpoints import reach
from manager_bot.redaction import redact
from manager_bot.runtime.base import Runtime
from manager_bot.services.audit import Actor, Audit
from manager_bot.services.ports import Wakeup
from models import Agent, ContainerStatus, DesiredState, Rest, Stage, User

LOG_LINES = 40
DOUBLE_TAP = timedelta(seconds=5)


def _never(_: Agent) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Agents:
    """Start, stop, restart, read the logs of, and delete an agent; for its owner and for admins alike.

    Which of the two acts is the *actor*'s role; who may name whose agent is decided where the button was pressed.
    """

    clock: Clock
    runtime: Runtime
    audit: Audit
    wakeup: Wakeup

    async def of(self, user: User) -> Agent:
        """The user's agent; raises :class:`AgentMissing` (also while it is being deleted)."""
        agent = await Agent.get_or_none(user_id=user.id)
        if agent is None or agent.desired_state is DesiredState.REMOVED:
            raise AgentMissing
        return agent

    async def stop(self, user: User, actor: Actor) -> Agent:
        """The agent shall not run.

        The wish is saved first: if Docker fails now, the next pass finishes the job instead of the watchdog
        bringing the agent back to life.
        """
        return await self._wish(user, actor, "agent.stop", {"desired_state": DesiredState.STOPPED})

    async def start(self, user: User, actor: Actor) -> Agent:
        """The agent shall run; forgets earlier failed attempts. Raises :class:`Suspended`."""
        if not user.is_active:
            raise Suspended
        return await self._wish(user, actor, "agent.start", _FRESH)

    async def restart(self, user: User, actor: Actor) -> Agent:
        """The agent shall run in a container started after this moment. Raises :class:`Suspended`.

        Asked twice in a moment, by a double tap or by two admins at one alert, it restarts once.
        """
        if not user.is_active:
            raise Suspended
        now = self.clock.now()

        def asked_just_now(agent: Agent) -> bool:
            asked = agent.restart_asked_at
            return asked is not None and now - asked < DOUBLE_TAP and agent.desired_state is DesiredState.RUNNING

        return await self._wish(user, actor, "agent.restart", {**_FRESH, "restart_asked_at": now}, asked_just_now)

    async def sleep(self, user: User, actor: Actor) -> Agent:
        """The agent shall sleep as soon as nothing of it is under way; one that is not up and well is left as it is."""
        agent = await self.of(user)
        well = {"desired_state": DesiredState.RUNNING, "stage": Stage.CONNECTED, "trouble": None}
        up = Agent.filter(id=agent.id, rest=Rest.AWAKE, container_status=ContainerStatus.RUNNING, **well)
        return await self._turn(agent, up, Rest.DROWSY, actor, "agent.sleep")

    async def wake(self, user: User, actor: Actor) -> Agent:
        """The agent shall be awake; one that is keeps being so."""
        agent = await self.of(user)
        drowsy = Agent.filter(id=agent.id, rest=Rest.DROWSY)
        if agent.rest is Rest.DROWSY:
            return await self._turn(agent, drowsy, Rest.AWAKE, actor, "agent.wake")
        resting = Agent.filter(id=agent.id, rest__in=(Rest.HELD, Rest.ASLEEP))
        return await self._turn(agent, resting, Rest.WAKING, actor, "agent.wake")

    async def delete(self, user: User, actor: Actor, typed_name: str) -> None:
        """The agent shall be gone, its data kept for seven days.

        Raises :class:`NameMismatch` unless *typed_name* is its bot's username (with or without @, any case).
        """
        agent = await self.of(user)
        if typed_name.strip().removeprefix("@").casefold() != agent.bot_username.casefold():
            raise NameMismatch(name=agent.bot_username)
        await self._wish(user, actor, "agent.delete", {"desired_state": DesiredState.REMOVED})

    async def logs(self, user: User, lines: int = LOG_LINES) -> str:
        """The last lines the agent wrote, redacted; empty when there is no container."""
        agent = await self.of(user)
        return redact(await self.runtime.logs(agent.id, lines))

    async def _wish(
        self,
        user: User,
        actor: Actor,
        action: str,
        changes: Mapping[str, object],
        done: Callable[[Agent], bool] = _never,
    ) -> Agent:
        """Write the wish, unless it is *done* already."""
        async with in_transaction():
            agent = await Agent.select_for_update().get_or_none(user_id=user.id)
            if agent is None or agent.desired_state is DesiredState.REMOVED:
                raise AgentMissing
            if done(agent):
                return agent
            agent.update_from_dict({**changes, "wish": agent.wish + 1, "revision": agent.revision + 1})
            await agent.save(update_fields=[*changes, "wish", "revision"])
            await self.audit.record(actor, action, user_id=user.id, agent_id=agent.id)
        reach(f"{action}.saved")
        self.wakeup.poke(agent.id)
        return agent

    async def _turn(self, agent: Agent, which: QuerySet[Agent], to: Rest, actor: Actor, action: str) -> Agent:
        """Change the state of rest of *which*, if it is still the one that was looked at."""
        async with in_transaction():
            changes = {"rest": to, "rest_since": self.clock.now()}
            if await which.update(**changes, revision=F("revision") + 1):
                await self.audit.record(actor, action, user_id=agent.user_id, agent_id=agent.id)
        self.wakeup.poke(agent.id)
        return await Agent.get(id=agent.id)


_FRESH: dict[str, object] = {
    "desired_state": DesiredState.RUNNING,
    "restart_count": 0,
    "next_attempt_at": None,
    "trouble": None,
    "rest": Rest.AWAKE,
}
