"""Bots and their tokens, as BotFather keeps them."""

from __future__ import annotations

import itertools
import re
import secrets
import string
from dataclasses import dataclass, field

from manager_bot.demo.clock import Clock
from manager_bot.demo.telegram.errors import not_found, unauthorized
from manager_bot.demo.telegram.updates import UpdateQueue

FIRST_BOT_ID = 7_100_000_001
TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{30,100}", re.ASCII)
USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,28}bot", re.ASCII | re.IGNORECASE)
_ALPHABET = string.ascii_letters + string.digits + "_-"


def new_token(bot_id: int) -> str:
    return f"{bot_id}:AA" + "".join(secrets.choice(_ALPHABET) for _ in range(33))


@dataclass(slots=True)
class Webhook:
    """What setWebhook was told; nothing is ever delivered to it."""

    url: str
    has_custom_certificate: bool
    max_connections: int
    ip_address: str | None


@dataclass(slots=True)
class Bot:
    """A bot account; changed only by its owner, its manager and its own calls."""

    id: int
    username: str
    name: str
    owner_id: int
    token: str = field(repr=False)
    updates: UpdateQueue = field(repr=False)
    manager_id: int | None = None
    can_manage_bots: bool = False
    webhook: Webhook | None = None
    logged_out: bool = False
    commands: dict[tuple[str, str], list[dict[str, object]]] = field(default_factory=dict)
    profile: dict[tuple[str, str], str] = field(default_factory=dict)
    menu_buttons: dict[int, dict[str, object]] = field(default_factory=dict)
    message_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    def as_user(self) -> dict[str, object]:
        return {"id": self.id, "is_bot": True, "first_name": self.name, "username": self.username}

    def as_me(self) -> dict[str, object]:
        """What only getMe tells."""
        return self.as_user() | {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_guest_queries": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
            "has_topics_enabled": False,
            "allows_users_to_create_topics": False,
            "can_manage_bots": self.can_manage_bots,
        }

    def as_json(self) -> dict[str, object]:
        """For the control API: everything but the token."""
        return {
            "id": self.id,
            "username": self.username,
            "name": self.name,
            "owner_id": self.owner_id,
            "manager_id": self.manager_id,
            "can_manage_bots": self.can_manage_bots,
            "webhook": self.webhook.url if self.webhook else None,
            "pending_updates": self.updates.pending(),
            "polling": self.updates.polling,
            "polls": self.updates.polls,
        }


@dataclass(slots=True)
class Bots:
    """The register of bots."""

    clock: Clock
    by_id: dict[int, Bot] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(FIRST_BOT_ID))

    def add(self, username: str, name: str, owner_id: int, *, manager_id: int | None = None) -> Bot:
        username = username.removeprefix("@")
        if not USERNAME.fullmatch(username):
            raise ValueError(f"{username!r} is no bot username: 5 to 32 of A-Z a-z 0-9 _, ending in 'bot'")
        if self.find(username):
            raise ValueError(f"the username {username} is taken")
        if not name.strip():
            raise ValueError("a bot needs a name")
        bot_id = next(self._ids)
        bot = Bot(bot_id, username, name, owner_id, new_token(bot_id), UpdateQueue(self.clock), manager_id=manager_id)
        self.by_id[bot_id] = bot
        return bot

    def authenticate(self, token: str) -> Bot:
        """The bot this token opens; Telegram answers 404 where the shape is wrong and 401 where only the secret is."""
        if not TOKEN.fullmatch(token):
            raise not_found()
        bot = self.by_id.get(int(token.partition(":")[0]))
        if bot is None or not secrets.compare_digest(bot.token, token):
            raise unauthorized()
        return bot

    def replace_token(self, bot: Bot) -> str:
        """The old token is dead at once, for a waiting poll too."""
        bot.token = new_token(bot.id)
        bot.updates.end_poll(unauthorized())
        return bot.token

    def delete(self, bot: Bot) -> None:
        del self.by_id[bot.id]
        bot.updates.end_poll(unauthorized())

    def find(self, reference: str) -> Bot | None:
        """By id or by username, with or without the @."""
        if reference.isdecimal():
            return self.by_id.get(int(reference))
        name = reference.removeprefix("@").lower()
        return next((bot for bot in self.by_id.values() if bot.username.lower() == name), None)
