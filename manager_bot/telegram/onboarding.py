"""The bot step as Telegram delivers it: perhaps twice, perhaps with more around the token than the token."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from pydantic import SecretStr

from manager_bot.errors import AgentExists, GitHubMissing, TelegramUnavailable, TokenUnknown
from manager_bot.plans import PlanName
from manager_bot.services.accounts import Accounts
from manager_bot.services.registration import TOKEN, Registration, bot_id_of
from models import Agent, DesiredState, User

_INSIDE = re.compile(rf"(?<![0-9])(?:{TOKEN.pattern})(?![A-Za-z0-9_-])", re.ASCII)


def find_token(text: str) -> str:
    """The one token in *text*, as when BotFather's whole message is forwarded; else the text as it stands."""
    found = set(_INSIDE.findall(text))
    return str(found.pop()) if len(found) == 1 else text


@dataclass(frozen=True, slots=True)
class Onboarding:
    """Registers bots for handlers: an update delivered again finds its work done and says so without an error."""

    accounts: Accounts
    registration: Registration
    github_first: bool = False

    async def choose_plan(self, user: User, plan: PlanName) -> None:
        """The user picks a first plan and may now register a bot; raises what :meth:`Registration.ready_for` raises.

        An old card's button must not change the plan of an agent that runs: that is another act, and is paid for.
        """
        if await Agent.exists(user_id=user.id):
            raise AgentExists
        self._require_github(user)
        await self.accounts.choose_plan(user, plan)
        await self.registration.ready_for(user)

    async def pasted(self, user: User, secret: SecretStr) -> None:
        """The user pasted *secret*: their first, or a new token for the bot they have.

        Raises what :meth:`Registration.register_pasted` and :meth:`Tokens.replace` raise.
        """
        text = secret.get_secret_value().strip()
        if TOKEN.fullmatch(text) and await self._is_own(user, bot_id_of(SecretStr(text))):
            await self.registration.tokens.replace(user, SecretStr(text))
            return
        self._require_github(user)
        await self._have_plan(user)
        await self.registration.register_pasted(user, text)

    async def managed(self, user: User, bot_id: int) -> None:
        """The user made a bot by one tap; raises what :meth:`Registration.register_managed` raises."""
        if await self._is_own(user, bot_id):
            return
        self._require_github(user)
        await self._have_plan(user)
        await self.registration.register_managed(user, bot_id)

    async def is_news(self, user: User, bot_id: int) -> bool:
        """Whether the bot is one we do not know yet; updates also tell of new tokens and owners of known ones."""
        return not await self._is_own(user, bot_id) and not await Agent.exists(user_id=user.id)

    async def renewed(self, user: User, bot_id: int) -> None:
        """Telegram says that something about the user's managed bot changed: perhaps its token.

        Where Telegram does not answer, :class:`~manager_bot.services.tokens.Renewal` asks again.
        """
        agent = await Agent.get_or_none(user_id=user.id, bot_id=bot_id, is_managed=True)
        if agent is not None and agent.desired_state is not DesiredState.REMOVED:
            with contextlib.suppress(TelegramUnavailable, TokenUnknown):
                await self.registration.tokens.renew(agent)

    async def _is_own(self, user: User, bot_id: int) -> bool:
        agents = Agent.filter(user_id=user.id, bot_id=bot_id)
        return await agents.exclude(desired_state=DesiredState.REMOVED).exists()

    def _require_github(self, user: User) -> None:
        """Where GitHub is the first step, nobody gets past it by an old button or a bot made elsewhere."""
        if self.github_first and user.github_id is None:
            raise GitHubMissing

    async def _have_plan(self, user: User) -> None:
        """Whoever comes with a bot before having picked a plan gets the one that costs nothing."""
        if user.plan is None:
            await self.accounts.choose_plan(user, PlanName.FREE)
