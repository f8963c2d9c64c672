"""The life and the end of GitHub tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from tortoise.transactions import in_transaction

from manager_bot.clock import Clock
from manager_bot.errors import GitHubMissing, GitHubRefused, GitHubUnavailable
from manager_bot.failpoints import reach
from manager_bot.services.audit import SYSTEM, Actor, Audit
from manager_bot.services.outbox import NoticeKind, Outbox
from manager_bot.services.ports import GitHub
from manager_bot.vault import Vault
from models import Revocation, User

log = structlog.get_logger(__name__)

PAUSES: Final = (60, 300, 1800, 7200, 86400)
"""Seconds before a revocation that failed is tried again."""
LONGEST: Final = 30
"""Tries after which GitHub is believed not to know the token any more."""
NOT_LINKED: Final[dict[str, Any]] = {"github_id": None, "github_username": None, "email": None, "github_token": None}
"""The columns of a user without a GitHub account."""


@dataclass(frozen=True, slots=True)
class GitHubTokens:
    """Every token that is no longer wanted is revoked at GitHub, however long GitHub is away."""

    clock: Clock
    vault: Vault
    github: GitHub
    audit: Audit
    outbox: Outbox

    async def unlink(self, user: User, actor: Actor) -> str:
        """Forget the user's GitHub account and revoke the token; the login it was. Raises :class:`GitHubMissing`.

        The row changes first: if GitHub is away, the revocation follows later.
        """
        async with in_transaction():
            row = await User.select_for_update().get(id=user.id)
            if row.github_id is None:
                raise GitHubMissing
            login = row.github_username or ""
            await self.retire(row.github_token)
            await User.filter(id=user.id).update(**NOT_LINKED)
            await self.audit.record(actor, "github.unlink", user_id=user.id)
        reach("github.unlinked")
        await user.refresh_from_db()
        await self.revoke_due()
        return login

    async def retire(self, sealed: str | None) -> None:
        """Queue a sealed token for revocation; call it inside the transaction that takes the token out of use."""
        if sealed:
            await Revocation.create(token=sealed, due_at=self.clock.now())

    async def revoke_due(self) -> None:
        """Revoke what is queued and due. A job's function, and called after every :meth:`retire`."""
        for row in await Revocation.filter(due_at__lte=self.clock.now()).order_by("id").limit(100):
            try:
                await self.github.revoke(self.vault.open(row.token))
            except (GitHubUnavailable, GitHubRefused) as error:
                await self._later(row, error)
            else:
                await row.delete()

    async def check_all(self) -> None:
        """Notice tokens that people revoked at GitHub: forgotten here, and their owners told once. A daily job's."""
        for user in await User.filter(github_token__isnull=False).order_by("id"):
            sealed = str(user.github_token)
            try:
                alive = await self.github.is_alive(self.vault.open(sealed))
            except (GitHubUnavailable, GitHubRefused) as error:
                log.warning("github_check_failed", error=type(error).__name__)
                return
            if not alive:
                await self._revoked_there(user, sealed)

    async def _revoked_there(self, user: User, sealed: str) -> None:
        """The identity stays: it was proven, and keeps the account from being linked twice."""
        async with in_transaction():
            if not await User.filter(id=user.id, github_token=sealed).update(github_token=None):
                return
            await self.outbox.post(user.telegram_id, NoticeKind.GITHUB_REVOKED, {"login": user.github_username or ""})
            await self.audit.record(SYSTEM, "github.revoked", user_id=user.id)

    async def _later(self, row: Revocation, error: Exception) -> None:
        if row.attempts + 1 >= LONGEST:
            log.error("github_revocation_given_up", revocation=row.id)
            await row.delete()
            return
        pause = PAUSES[min(row.attempts, len(PAUSES) - 1)]
        row.attempts += 1
        row.due_at = self.clock.now() + timedelta(seconds=pause)
        await row.save(update_fields=["attempts", "due_at"])
        log.warning("github_revocation_delayed", revocation=row.id, seconds=pause, error=type(error).__name__)
