"""The incidents' use cases on an empty database, and two admins."""

from __future__ import annotations

from dataclasses import dataclass

from manager_bot.clock import OffsetClock
from manager_bot.services.audit import Actor, Role
from manager_bot.services.incidents import Incidents
from manager_bot.services.outbox import NoticeKind
from models import Agent, Notification, NotificationState, User

ANN, BOB = Actor(1001, Role.ADMIN), Actor(1002, Role.ADMIN)


@dataclass
class Pokes:
    heard: list[int]

    def poke(self, agent_id: int) -> None:
        self.heard.append(agent_id)


@dataclass
class Desk:
    incidents: Incidents
    clock: OffsetClock
    pokes: Pokes
    agent: Agent

    async def told(self, kind: NoticeKind, chat: int = ANN.telegram_id) -> int:
        return await Notification.filter(chat_id=chat, kind=kind.value).count()


async def new_agent(number: int) -> Agent:
    user = await User.create(telegram_id=number, name="Owner", plan="starter")
    return await Agent.create(
        user=user,
        bot_id=number,
        bot_username=f"bot{number}",
        bot_name="Bot",
        bot_token="sealed",
        bot_token_fingerprint=f"t{number}",
        gateway_key="sealed",
        gateway_key_fingerprint=f"k{number}",
        container_name=f"c{number}",
        container_port=9000 + number,
    )


async def sent() -> None:
    """What waits has reached its chats."""
    await Notification.filter(state=NotificationState.PENDING).update(state=NotificationState.SENT, message_id=1)
