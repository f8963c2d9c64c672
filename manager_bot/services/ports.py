"""What the use cases need of the outside world, as small protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """A bot as Telegram's ``getMe`` names it."""

    bot_id: int
    username: str
    name: str


class BotDirectory(Protocol):
    """Asks Telegram about bots other than the manager. Each raises :class:`~manager_bot.errors.TelegramUnavailable`."""

    async def identify(self, token: SecretStr) -> BotIdentity:
        """Who *token* is; raises :class:`~manager_bot.errors.TokenUnknown` on 401."""
        ...

    async def has_webhook(self, token: SecretStr) -> bool:
        """Whether the bot delivers to a webhook."""
        ...

    async def is_polled(self, token: SecretStr) -> bool:
        """Whether another program polls it; polls for a few seconds itself, without confirming any update."""
        ...

    async def managed_token(self, bot_id: int) -> SecretStr:
        """The token of a bot the manager manages."""
        ...


class Wakeup(Protocol):
    """Tells the watchdog that there is a new wish, so that it need not wait for its next look."""

    def poke(self, agent_id: int) -> None:
        """Look at this agent now; never blocks, may be called for any id."""
        ...


class Admission(Protocol):
    """Whether strangers may be let in: only while the host's safety conditions stand (the agents' firewall)."""

    async def is_open(self) -> bool:
        """True while agents are kept apart from the host and from each other."""
        ...


class DoorReport(Protocol):
    """What the Telegram door sees of an agent, told to a watchdog of the same process; none of it may block.

    The same stands in the agent's row (``last_poll_at``, ``door_trouble``, ``updates_waiting``, ``waiting_since``) for
    a watchdog that runs elsewhere.
    """

    def polled(self, agent_id: int) -> None:
        """It asked for updates: at once the first time after its start, then every ten seconds at most."""
        ...

    def revoked(self, agent_id: int) -> None:
        """Telegram answered 401 to its bot token."""
        ...

    def polled_elsewhere(self, agent_id: int) -> None:
        """Telegram ended its polls repeatedly with 409: another program polls the same bot."""
        ...

    def updates_waiting(self, agent_id: int, count: int) -> None:
        """Nobody polls and *count* updates wait (0: no longer)."""
        ...


@dataclass(frozen=True, slots=True)
class GitHubAccount:
    """An account as GitHub names it; ``email`` is the primary address, if it is verified."""

    id: str
    login: str
    email: str | None


class GitHub(Protocol):
    """Signs people in with GitHub.

    Each call that asks GitHub raises :class:`~manager_bot.errors.GitHubUnavailable`, or
    :class:`~manager_bot.errors.GitHubRefused` where GitHub does not want this application or this code.
    """

    def authorization_url(self, state: str, verifier: str) -> str:
        """Where to send the browser; *verifier* is the PKCE secret whose digest goes with it."""
        ...

    async def exchange(self, code: str, verifier: str) -> SecretStr:
        """The token for *code*."""
        ...

    async def identify(self, token: SecretStr) -> GitHubAccount:
        """Whose token it is."""
        ...

    async def is_alive(self, token: SecretStr) -> bool:
        """False once the person revoked it at GitHub."""
        ...

    async def revoke(self, token: SecretStr) -> None:
        """End the token; one that has ended already is fine."""
        ...
