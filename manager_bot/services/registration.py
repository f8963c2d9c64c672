"""From a bot token to an agent that is meant to run."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from pydantic import SecretStr
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from manager_bot.clock import Clock
from manager_bot.errors import (
    AgentExists,
    NoFreePort,
    OnboardingClosed,
    Suspended,
    TokenHasWebhook,
    TokenIsManagers,
    TokenMalformed,
    TokenPolledElsewhere,
    TokenTaken,
)
from manager_bot.failpoints import reach
from manager_bot.plans import plan_of
from manager_bot.services.audit import Actor, Audit, Role
from manager_bot.services.health_ports import free_port
from manager_bot.services.ports import Admission, BotDirectory, BotIdentity, Wakeup
from manager_bot.services.sizing import Sizing
from manager_bot.services.tokens import Tokens
from manager_bot.vault import Vault
from models import Agent, User

TOKEN = re.compile(r"[0-9]{5,16}:[A-Za-z0-9_-]{35}", re.ASCII)
"""A bot token's shape: the bot's id, a colon, 35 characters of URL-safe base64."""

_TRIES = 5


def parse_token(text: str) -> SecretStr:
    """The token in *text*; raises :class:`TokenMalformed` unless the text is one token and nothing else."""
    text = text.strip()
    if not TOKEN.fullmatch(text):
        raise TokenMalformed
    return SecretStr(text)


def bot_id_of(token: SecretStr) -> int:
    """The bot's id is the token's first half."""
    return int(token.get_secret_value().partition(":")[0])


@dataclass(frozen=True, slots=True)
class Registration:
    """Registers a subscriber's bot. Nothing is saved before every check has passed."""

    manager_bot_id: int
    name_prefix: str
    ports: tuple[int, int]
    clock: Clock
    vault: Vault
    sizing: Sizing
    admission: Admission
    bots: BotDirectory
    audit: Audit
    wakeup: Wakeup

    @property
    def tokens(self) -> Tokens:
        """New tokens for bots that are registered already."""
        return Tokens(self.clock, self.vault, self.bots, self.audit, self.wakeup)

    async def ready_for(self, user: User) -> None:
        """Return if *user* may register a bot now: raises what stands in the way, before they go and make one."""
        if not user.is_active:
            raise Suspended
        if await Agent.exists(user_id=user.id):
            raise AgentExists
        if not await self.admission.is_open():
            raise OnboardingClosed
        await self.sizing.admit(plan_of(str(user.plan)))
        await free_port(*self.ports)

    async def register_pasted(self, user: User, text: str) -> Agent:
        """Register the bot whose token the user pasted.

        Raises one of the ``Token…`` errors, each with its own answer, or what :meth:`ready_for` raises.
        """
        token = parse_token(text)
        if bot_id_of(token) == self.manager_bot_id:
            raise TokenIsManagers
        await self.ready_for(user)
        identity = await self._inspect(token)
        return await self._save(user, identity, token, managed=False)

    async def register_managed(self, user: User, bot_id: int) -> Agent:
        """Register a bot the user has just made through the manager: its token never passes through a chat."""
        await self.ready_for(user)
        token = await self.bots.managed_token(bot_id)
        identity = await self.bots.identify(token)
        return await self._save(user, identity, token, managed=True)

    async def _inspect(self, token: SecretStr) -> BotIdentity:
        """Ask the questions in an order that never disturbs a bot which is registered here: its agent polls it."""
        if await Agent.exists(bot_token_fingerprint=self.vault.fingerprint(token)):
            raise TokenTaken
        identity = await self.bots.identify(token)
        if await Agent.exists(bot_id=identity.bot_id):
            raise TokenTaken
        if await self.bots.has_webhook(token):
            raise TokenHasWebhook(bot=identity.username)
        if await self.bots.is_polled(token):
            raise TokenPolledElsewhere(bot=identity.username)
        return identity

    async def _save(self, user: User, identity: BotIdentity, token: SecretStr, managed: bool) -> Agent:
        reach("registration.before_save")
        for _ in range(_TRIES):
            try:
                agent = await self._create(user, identity, token, managed)
            except IntegrityError:
                await self._explain_conflict(user, identity)
            else:
                reach("registration.saved")
                self.wakeup.poke(agent.id)
                return agent
        raise NoFreePort

    async def _create(self, user: User, identity: BotIdentity, token: SecretStr, managed: bool) -> Agent:
        port = await free_port(*self.ports)
        key = SecretStr(secrets.token_urlsafe(32))
        async with in_transaction():
            await self.sizing.admit(plan_of(str(user.plan)))
            agent = await Agent.create(
                user_id=user.id,
                bot_id=identity.bot_id,
                bot_username=identity.username,
                bot_name=identity.name,
                is_managed=managed,
                bot_token=self.vault.seal(token),
                bot_token_fingerprint=self.vault.fingerprint(token),
                gateway_key=self.vault.seal(key),
                gateway_key_fingerprint=self.vault.fingerprint(key),
                container_name=f"{self.name_prefix}-agent-{identity.bot_id}",
                container_port=port,
            )
            actor = Actor(user.telegram_id, Role.SUBSCRIBER)
            await self.audit.record(actor, "agent.create", user_id=user.id, agent_id=agent.id, managed=managed)
        return agent

    async def _explain_conflict(self, user: User, identity: BotIdentity) -> None:
        """Somebody was faster: say who. A port taken at the same moment is nobody's fault and is tried again."""
        if await Agent.exists(user_id=user.id):
            raise AgentExists
        if await Agent.exists(bot_id=identity.bot_id):
            raise TokenTaken
