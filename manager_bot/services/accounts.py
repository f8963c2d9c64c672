"""Use cases on the person: greeting, language, plan, suspension."""

from __future__ import annotations

from dataclasses import dataclass

from tortoise.transactions import in_transaction

from manager_bot.errors import Suspended, UserUnknown
from manager_bot.plans import PlanName
from manager_bot.services.audit import Actor, Audit, Role
from manager_bot.services.outbox import NoticeKind, Outbox
from manager_bot.services.ports import Wakeup
from models import Agent, User


@dataclass(frozen=True, slots=True)
class Person:
    """A Telegram person as an update names them."""

    telegram_id: int
    name: str
    username: str | None


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who our users are."""

    audit: Audit
    outbox: Outbox
    wakeup: Wakeup

    async def greet(self, person: Person, language: str) -> User:
        """The user behind *person*, made at the first meeting; name and username are kept current.

        *language* is only used at the first meeting: afterwards the user's own choice stands.
        """
        defaults = {"name": person.name[:128], "username": person.username, "language": language}
        user, created = await User.get_or_create(defaults=defaults, telegram_id=person.telegram_id)
        stale = (user.name, user.username) != (person.name[:128], person.username)
        if not created and (stale or user.has_blocked):
            user.name, user.username, user.has_blocked = person.name[:128], person.username, False
            await user.save(update_fields=["name", "username", "has_blocked"])
        return user

    async def speak(self, user: User, language: str) -> None:
        """The user chose a language."""
        user.language = language
        await user.save(update_fields=["language"])

    async def choose_plan(self, user: User, plan: PlanName) -> None:
        """The user picked a first plan; raises :class:`Suspended`."""
        if not user.is_active:
            raise Suspended
        async with in_transaction():
            user.plan = plan.value
            await user.save(update_fields=["plan"])
            await self.audit.record(Actor(user.telegram_id, Role.SUBSCRIBER), "plan.choose", user_id=user.id, plan=plan)

    async def find(self, user_id: int) -> User:
        """The user with this id; raises :class:`UserUnknown`."""
        user = await User.get_or_none(id=user_id)
        if user is None:
            raise UserUnknown
        return user

    async def set_active(self, user: User, active: bool, actor: Actor) -> None:
        """Suspend a user, or let them back in; the agent stops, or starts again if it was meant to run."""
        if user.is_active == active:
            return
        async with in_transaction():
            user.is_active = active
            await user.save(update_fields=["is_active"])
            agent = await Agent.select_for_update().get_or_none(user_id=user.id)
            if agent is not None:
                agent.wish += 1
                agent.revision += 1
                await agent.save(update_fields=["wish", "revision"])
            await self.outbox.post(user.telegram_id, NoticeKind.RESUMED if active else NoticeKind.SUSPENDED)
            await self.audit.record(actor, "user.resume" if active else "user.suspend", user_id=user.id)
        if agent is not None:
            self.wakeup.poke(agent.id)
