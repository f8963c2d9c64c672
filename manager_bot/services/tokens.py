"""A new token for a bot that is registered already: pasted by its owner, or fetched again for a managed bot."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

import structlog
from pydantic import SecretStr
from tortoise.transactions import in_transaction

from manager_bot.clock import Clock
from manager_bot.errors import AgentMissing, TelegramUnavailable, TokenHasWebhook, TokenTaken, TokenUnknown
from manager_bot.failpoints import reach
from manager_bot.services.audit import SYSTEM, Actor, Audit, Role
from manager_bot.services.ports import BotDirectory, Wakeup
from manager_bot.vault import Vault
from models import Agent, DesiredState, Trouble, User

EVERY_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 60.0
"""Between two questions about the same bot: Telegram may give the old token again, until the owner acts."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Exchanges the stored token; the agent starts anew, as it may have stopped trying with the old one."""

    clock: Clock
    vault: Vault
    bots: BotDirectory
    audit: Audit
    wakeup: Wakeup

    async def replace(self, user: User, token: SecretStr) -> bool:
        """The owner pasted *token* for the bot of their own agent; whether it is another one than before.

        Raises :class:`TokenUnknown`, :class:`TokenTaken` (another bot answers to it), :class:`TokenHasWebhook`,
        :class:`TelegramUnavailable`, :class:`AgentMissing`.
        """
        agent = await Agent.get_or_none(user_id=user.id)
        if agent is None or agent.desired_state is DesiredState.REMOVED:
            raise AgentMissing
        if agent.bot_token_fingerprint == self.vault.fingerprint(token):
            return False
        identity = await self.bots.identify(token)
        if identity.bot_id != agent.bot_id:
            raise TokenTaken
        if await self.bots.has_webhook(token):
            raise TokenHasWebhook(bot=identity.username)
        return await self._save(agent, token, Actor(user.telegram_id, Role.SUBSCRIBER))

    async def renew(self, agent: Agent) -> bool:
        """Ask Telegram for a managed bot's token; whether it is another one that works."""
        token = await self.bots.managed_token(agent.bot_id)
        if agent.bot_token_fingerprint == self.vault.fingerprint(token):
            return False
        await self.bots.identify(token)
        return await self._save(agent, token, SYSTEM)

    async def _save(self, agent: Agent, token: SecretStr, actor: Actor) -> bool:
        """The trouble with the old token ends with it; an agent its owner stopped stays stopped."""
        async with in_transaction():
            row = await Agent.select_for_update().get_or_none(id=agent.id)
            if row is None or row.bot_token_fingerprint != agent.bot_token_fingerprint:
                return False
            changes: dict[str, object] = {
                "bot_token": self.vault.seal(token),
                "bot_token_fingerprint": self.vault.fingerprint(token),
                "trouble": None if row.trouble in _ENDED else row.trouble,
                "door_trouble": None,
                "next_attempt_at": None,
                "restart_asked_at": self.clock.now(),
                "wish": row.wish + 1,
                "revision": row.revision + 1,
            }
            row.update_from_dict(changes)
            await row.save(update_fields=list(changes))
            await self.audit.record(actor, "agent.token", user_id=row.user_id, agent_id=row.id)
        reach("tokens.saved")
        self.wakeup.poke(agent.id)
        return True


_ENDED = (Trouble.TOKEN_REVOKED, Trouble.POLLED_ELSEWHERE)


@dataclass(slots=True)
class Renewal:
    """Serves the wish that stands in the row of a managed bot whose token Telegram refuses.

    It runs where the manager bot does, which alone may ask; the watchdog and the Telegram door may be elsewhere.
    """

    tokens: Tokens
    every: float = EVERY_SECONDS
    _asked: dict[int, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Look for ever; no failure ends it."""
        while True:
            try:
                await self.look()
            except Exception as error:
                log.exception("token_renewal_failed", error=type(error).__name__)
            await asyncio.sleep(self.every)

    async def look(self) -> None:
        """Ask once for each that is refused, and again after a while."""
        refused = Agent.filter(is_managed=True, door_trouble=Trouble.TOKEN_REVOKED)
        agents = await refused.exclude(desired_state=DesiredState.REMOVED)
        self._asked = {agent.id: self._asked[agent.id] for agent in agents if agent.id in self._asked}
        for agent in agents:
            if time.monotonic() - self._asked.get(agent.id, -AGAIN_SECONDS) >= AGAIN_SECONDS:
                self._asked[agent.id] = time.monotonic()
                await self._renew(agent)

    async def _renew(self, agent: Agent) -> None:
        try:
            renewed = await self.tokens.renew(agent)
        except (TelegramUnavailable, TokenUnknown) as error:
            log.warning("token_not_renewed", agent_id=agent.id, reason=type(error).__name__)
        else:
            log.info("token_renewed" if renewed else "token_unchanged", agent_id=agent.id)
