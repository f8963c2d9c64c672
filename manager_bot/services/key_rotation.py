"""Changing the keys that seal the secrets in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from tortoise.models import Model
from tortoise.transactions import in_transaction

from manager_bot.clock import Clock
from manager_bot.errors import OperatorError, SettingError
from manager_bot.vault import Vault
from models import Agent, Archive, Heartbeat, LinkAttempt, Revocation, User

_FRESH = timedelta(minutes=3)

SEALED: Mapping[type[Model], Mapping[str, str | None]] = {
    User: {"github_token": None, "gemini_api_key": None},
    Agent: {"bot_token": "bot_token_fingerprint", "gateway_key": "gateway_key_fingerprint"},
    Archive: {"bot_token": None},
    LinkAttempt: {"verifier": None, "github_token": None},
    Revocation: {"token": None},
}
"""Every sealed column, and the column of its fingerprint where it has one."""


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """Moves every sealed column from the older keys to the newest, which stands first in *keys*."""

    keys: Sequence[SecretStr]

    async def rotate(self) -> int:
        """Seal and fingerprint everything with the newest key, all or nothing; how many secrets there were.

        May be repeated. Until the older keys are taken out of the setting nothing may run (:func:`check_keys`):
        fingerprints are made with the last key of the list.
        """
        if len(self.keys) < 2:
            raise SettingError(
                "CLAWBOT_SECRET_KEYS holds one key: put the output of `clawbot secret-key` and a comma in front of it"
            )
        every, newest = Vault(self.keys), Vault(self.keys[:1])
        count = 0
        async with in_transaction():
            for model, columns in SEALED.items():
                for row in await model.all():
                    changes = _resealed(row, columns, every, newest)
                    if changes:
                        await model.filter(pk=row.pk).update(**changes)
                        count += sum(1 for column in columns if column in changes)
        return count


async def require_stopped(clock: Clock) -> None:
    """Raises :class:`OperatorError` if a manager lived lately; for PostgreSQL, where no lock file tells."""
    alive = await Heartbeat.filter(at__gt=clock.now() - _FRESH).order_by("-at").first()
    if alive is not None:
        minutes = int(_FRESH.total_seconds()) // 60
        raise OperatorError(
            f"ClawBot runs, or ran {minutes} minutes ago ({alive.part}, {alive.at:%H:%M:%S} UTC): stop it and wait"
        )


async def check_keys(keys: Sequence[SecretStr]) -> None:
    """Return if these keys fit the database; raises :class:`SettingError` with what to change.

    Called before anything serves: with keys that only half fit, every agent would be a stranger to the gateway.
    """
    agent = await Agent.all().order_by("id").first()
    if agent is None:
        return
    key = Vault(keys).open(agent.gateway_key)
    if Vault(keys).fingerprint(key) == agent.gateway_key_fingerprint:
        return
    if Vault(keys[:1]).fingerprint(key) == agent.gateway_key_fingerprint:
        raise SettingError("CLAWBOT_SECRET_KEYS was rotated: leave only its first key there")
    raise SettingError("CLAWBOT_SECRET_KEYS lacks the key this database is indexed with: put it back, last")


def _resealed(row: Model, columns: Mapping[str, str | None], every: Vault, newest: Vault) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for column, fingerprint in columns.items():
        sealed = getattr(row, column)
        if sealed:
            secret = every.open(sealed)
            changes[column] = newest.seal(secret)
            if fingerprint:
                changes[fingerprint] = newest.fingerprint(secret)
    return changes
