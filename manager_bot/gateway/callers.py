"""Who knocks: an agent is known by its gateway key."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from pydantic import SecretStr

from manager_bot.plans import PlanName
from manager_bot.tiers import TierWish
from manager_bot.vault import Vault
from models import Agent, DesiredState
from models.statements import select

FRESH_FOR: Final = 1.0
"""Seconds a lookup is believed: a changed token, plan or suspension counts after that."""
_MOST_KEPT: Final = 4096
_BY_KEY: Final = """
SELECT a.id, a.user_id, a.bot_id, a.bot_token, a.allowed_ids, a.desired_state,
u.telegram_id, u.plan, u.tier_wish, u.is_active, u.gemini_api_key
FROM agents a JOIN users u ON u.id = a.user_id WHERE a.gateway_key_fingerprint = $1
"""
"""Asked once a second for every busy agent: a tenth of what the ORM takes for it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What the doors need to know of an agent. ``people`` may talk to it: its owner, and those the owner added."""

    agent_id: int
    user_id: int
    bot_id: int
    owner_id: int
    people: frozenset[int]
    plan: PlanName
    wish: TierWish
    is_active: bool
    bot_token: SecretStr
    own_key: SecretStr | None


@dataclass(frozen=True, slots=True)
class _Known:
    """A key's fingerprint, which never changes, the row it led to and the caller made of that."""

    fingerprint: str
    row: tuple[object, ...]
    caller: Caller


@dataclass(frozen=True, slots=True)
class Callers:
    """Finds callers by key, through a small cache."""

    vault: Vault
    _kept: dict[str, tuple[float, Caller | None]] = field(default_factory=dict)
    _opened: dict[str, SecretStr] = field(default_factory=dict)
    _known: dict[str, _Known] = field(default_factory=dict)

    async def reload(self, agent_id: int) -> Caller | None:
        """The agent as it is now."""
        agent = await Agent.get_or_none(id=agent_id).select_related("user")
        return None if agent is None else self.of(agent)

    async def find(self, key: str) -> Caller | None:
        """The agent that *key* belongs to; ``None`` for a wrong key or a removed agent."""
        kept = self._kept.get(key)
        now = time.monotonic()
        if kept is not None and kept[0] > now:
            return kept[1]
        caller = await self._look_up(key)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (now + FRESH_FOR, caller)
        return caller

    async def _look_up(self, key: str) -> Caller | None:
        """Anew from the database; what did not change since the last time is not made again."""
        known = self._known.get(key)
        fingerprint = self.vault.fingerprint(SecretStr(key)) if known is None else known.fingerprint
        found = await select(_BY_KEY, fingerprint)
        if not found or found[0]["desired_state"] == DesiredState.REMOVED:
            return None
        row = tuple(found[0].values() if isinstance(found[0], dict) else found[0])
        if known is not None and known.row == row:
            return known.caller
        caller = self._of_row(found[0])
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[key] = _Known(fingerprint, row, caller)
        return caller

    def _of_row(self, row: Mapping[str, Any]) -> Caller:
        """The caller behind a row of :data:`_BY_KEY`."""
        people = row["allowed_ids"]
        return Caller(
            agent_id=row["id"],
            user_id=row["user_id"],
            bot_id=row["bot_id"],
            owner_id=row["telegram_id"],
            people=frozenset((row["telegram_id"], *(orjson.loads(people) if isinstance(people, str) else people))),
            plan=PlanName(row["plan"] or PlanName.FREE),
            wish=TierWish(row["tier_wish"]),
            is_active=bool(row["is_active"]),
            bot_token=self._open(row["bot_token"]),
            own_key=self._open(row["gemini_api_key"]) if row["gemini_api_key"] else None,
        )

    def of(self, agent: Agent) -> Caller:
        """The caller behind a row whose user was fetched with it."""
        user = agent.user
        return Caller(
            agent_id=agent.id,
            user_id=user.id,
            bot_id=agent.bot_id,
            owner_id=user.telegram_id,
            people=frozenset((user.telegram_id, *agent.allowed_ids)),
            plan=PlanName(user.plan or PlanName.FREE),
            wish=user.tier_wish,
            is_active=user.is_active,
            bot_token=self._open(agent.bot_token),
            own_key=self._open(user.gemini_api_key) if user.gemini_api_key else None,
        )

    def _open(self, sealed: str) -> SecretStr:
        """Opening costs fifty microseconds; a sealed text never changes its meaning."""
        secret = self._opened.get(sealed)
        if secret is None:
            if len(self._opened) >= _MOST_KEPT:
                self._opened.clear()
            secret = self._opened[sealed] = self.vault.open(sealed)
        return secret
