"""Connecting a GitHub account to a Telegram user: from a button in the chat, through a browser, back to the chat.

Two people must not be confused. The *ticket* in the address is bound to the Telegram user who asked for it; the
*browser* cookie ties GitHub's way back to the browser that followed the ticket; and nothing is saved before the
person in that browser has read whose Telegram account it is and confirmed, so that a link sent to somebody else
connects nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic import SecretStr
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from manager_bot.clock import Clock
from manager_bot.errors import (
    ClawBotError,
    GitHubRefused,
    GitHubTaken,
    LinkDeclined,
    LinkExpired,
    LinkForeign,
    LinkUsed,
    Suspended,
)
from manager_bot.failpoints import reach
from manager_bot.services.audit import Actor, Audit, Role
from manager_bot.services.browser_cookie import digest, fresh_secret, holds, with_secret
from manager_bot.services.github_tokens import NOT_LINKED, GitHubTokens
from manager_bot.services.outbox import NoticeKind, Outbox
from manager_bot.services.ports import GitHub, GitHubAccount
from manager_bot.vault import Vault
from models import LinkAttempt, LinkStage, User

LIFETIME: Final = timedelta(minutes=10)
MOST_OPEN: Final = 5
"""Addresses of one user that may be waiting at a time: the newest stay."""
WAITING_CARD: Final = "github"
"""The screen that waits for the browser. It redraws itself, so that no message need say what it shows."""

_EMPTY: Final[dict[str, Any]] = {**NOT_LINKED, "verifier": None, "consent_digest": None}


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and the cookie it must bring back: :mod:`~manager_bot.services.browser_cookie`."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the person in the browser must confirm. ``consent`` goes with the answer."""

    consent: str
    name: str
    username: str | None
    login: str
    language: str


@dataclass(frozen=True, slots=True)
class Linked:
    """The account that was connected."""

    login: str
    language: str


@dataclass(frozen=True, slots=True)
class Links:
    """Use cases of the link; ``start_url`` is the public address of ``/oauth/github/start``."""

    clock: Clock
    vault: Vault
    github: GitHub
    tokens: GitHubTokens
    audit: Audit
    outbox: Outbox
    start_url: str

    async def begin(self, user: User) -> str:
        """A fresh address for the user's browser: one use, ten minutes. Raises :class:`Suspended`."""
        if not user.is_active:
            raise Suspended
        ticket = secrets.token_urlsafe(32)
        await LinkAttempt.create(user_id=user.id, ticket_digest=digest(ticket), expires_at=self.clock.now() + LIFETIME)
        offered = LinkAttempt.filter(user_id=user.id, stage=LinkStage.OFFERED)
        stale = await offered.order_by("-id").offset(MOST_OPEN).limit(100).values_list("id", flat=True)
        if stale:
            await LinkAttempt.filter(id__in=stale, stage=LinkStage.OFFERED).delete()
        return f"{self.start_url}?ticket={ticket}"

    async def open(self, ticket: str, browser: str | None) -> Departure:
        """A browser followed the address. The same browser may do so again until it comes back from GitHub.

        Raises :class:`LinkExpired` and :class:`LinkUsed`.
        """
        attempt = await self._living(ticket_digest=digest(ticket))
        again = attempt.stage is LinkStage.OPENED and holds(browser, attempt.browser_digest)
        state, verifier, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(48), fresh_secret()
        took = await LinkAttempt.filter(
            id=attempt.id, stage=LinkStage.OPENED if again else LinkStage.OFFERED, state_digest=attempt.state_digest
        ).update(
            stage=LinkStage.OPENED,
            state_digest=digest(state),
            browser_digest=digest(secret),
            verifier=self.vault.seal(SecretStr(verifier)),
        )
        if not took:
            raise LinkUsed
        return Departure(self.github.authorization_url(state, verifier), with_secret(browser, secret))

    async def arrive(self, state: str, code: str, browser: str | None) -> Question:
        """GitHub sent the browser back with a code: find out who it is, and ask.

        Raises :class:`LinkExpired`, :class:`LinkUsed`, :class:`LinkForeign`, :class:`GitHubTaken` and what
        :class:`~manager_bot.services.ports.GitHub` raises. Loading the page again asks again.
        """
        attempt = await self._returning(state, browser)
        if attempt.stage is LinkStage.ASKED:
            return await self._ask(attempt)
        await self._advance(attempt, LinkStage.OPENED, LinkStage.RETURNED)
        try:
            await self._meet(attempt, code)
        except ClawBotError as error:
            await self._close(attempt, error)
            raise
        reach("link.asked")
        return await self._ask(attempt)

    async def decline(self, state: str, error: str, browser: str | None) -> None:
        """GitHub sent the browser back without a code; always raises what to tell the person."""
        attempt = await self._returning(state, browser)
        await self._advance(attempt, LinkStage.OPENED, LinkStage.CLOSED)
        reason: ClawBotError = LinkDeclined() if error == "access_denied" else GitHubRefused()
        await self._close(attempt, reason)
        raise reason

    async def confirm(self, consent: str, browser: str | None) -> Linked:
        """The person confirmed: save. Whoever presses twice, even at once, is connected once.

        Raises :class:`LinkExpired`, :class:`LinkUsed`, :class:`LinkForeign`, :class:`GitHubTaken` and
        :class:`Suspended`.
        """
        attempt = await self._answered(consent, browser)
        if attempt.stage is not LinkStage.DONE:
            try:
                async with in_transaction():
                    await self._save(attempt)
            except LinkUsed:
                if not await LinkAttempt.exists(id=attempt.id, stage=LinkStage.DONE):
                    raise
            except (IntegrityError, Suspended) as error:
                reason = error if isinstance(error, Suspended) else GitHubTaken()
                await self._close(attempt, reason)
                raise reason from None
            reach("link.saved")
            await self.tokens.revoke_due()
        user = await User.get(id=attempt.user_id)
        return Linked(str(attempt.github_username), user.language)

    async def cancel(self, consent: str, browser: str | None) -> None:
        """The person saw that it is not theirs, or thought better of it; the token is revoked."""
        attempt = await self._answered(consent, browser)
        await self._advance(attempt, LinkStage.ASKED, LinkStage.CLOSED)
        await self._close(attempt, LinkDeclined())

    async def unlink(self, user: User, actor: Actor) -> str:
        """Forget the user's GitHub account and revoke its token; see :meth:`GitHubTokens.unlink`."""
        return await self.tokens.unlink(user, actor)

    async def sweep(self) -> None:
        """Forget tries that ran out, and revoke the tokens of those nobody confirmed. A job's function."""
        gone = LinkAttempt.filter(expires_at__lt=self.clock.now())
        async with in_transaction():
            for attempt in await gone.all():
                await self.tokens.retire(attempt.github_token)
                await attempt.delete()
        await self.tokens.revoke_due()

    async def _save(self, attempt: LinkAttempt) -> None:
        user = await User.select_for_update().get(id=attempt.user_id)
        if not user.is_active:
            raise Suspended
        await self._advance(attempt, LinkStage.ASKED, LinkStage.DONE, {"github_token": None})
        await self.tokens.retire(user.github_token)
        user.github_id, user.github_username = attempt.github_id, attempt.github_username
        user.email, user.github_token = attempt.email, attempt.github_token
        await user.save(update_fields=["github_id", "github_username", "email", "github_token"])
        actor = Actor(user.telegram_id, Role.SUBSCRIBER)
        await self.audit.record(actor, "github.link", user_id=user.id, github_id=attempt.github_id)
        if user.card_screen != WAITING_CARD:
            await self.outbox.post(
                user.telegram_id,
                NoticeKind.GITHUB_CONNECTED,
                {"login": attempt.github_username},
                dedupe_key=f"github:{attempt.id}",
            )

    async def _meet(self, attempt: LinkAttempt, code: str) -> None:
        """Exchange the code and note whose account it is; a token that leads nowhere is revoked."""
        verifier = self.vault.open(str(attempt.verifier)).get_secret_value()
        token = await self.github.exchange(code, verifier)
        sealed = self.vault.seal(token)
        try:
            account = await self.github.identify(token)
            if await User.filter(github_id=account.id).exclude(id=attempt.user_id).exists():
                raise GitHubTaken
            await self._advance(attempt, LinkStage.RETURNED, LinkStage.ASKED, _noted(account, sealed))
        except ClawBotError:
            await self.tokens.retire(sealed)
            raise

    async def _ask(self, attempt: LinkAttempt) -> Question:
        consent = secrets.token_urlsafe(32)
        await LinkAttempt.filter(id=attempt.id, stage=LinkStage.ASKED).update(consent_digest=digest(consent))
        await attempt.refresh_from_db()
        user = await User.get(id=attempt.user_id)
        return Question(consent, user.name, user.username, str(attempt.github_username), user.language)

    async def _living(self, **found_by: str) -> LinkAttempt:
        attempt = await LinkAttempt.get_or_none(**found_by)  # type: ignore[arg-type]  # column names
        if attempt is None or attempt.expires_at <= self.clock.now():
            raise LinkExpired
        return attempt

    async def _returning(self, state: str, browser: str | None) -> LinkAttempt:
        """The try a browser comes back with; what is not its own is not touched."""
        attempt = await self._living(state_digest=digest(state))
        if not holds(browser, attempt.browser_digest):
            raise LinkForeign
        return attempt

    async def _answered(self, consent: str, browser: str | None) -> LinkAttempt:
        attempt = await self._living(consent_digest=digest(consent))
        if not holds(browser, attempt.browser_digest):
            raise LinkForeign
        return attempt

    async def _advance(
        self, attempt: LinkAttempt, before: LinkStage, after: LinkStage, more: dict[str, Any] | None = None
    ) -> None:
        """One step, taken once; raises :class:`LinkUsed` for whoever comes second."""
        if not await LinkAttempt.filter(id=attempt.id, stage=before).update(stage=after, **(more or {})):
            raise LinkUsed

    async def _close(self, attempt: LinkAttempt, reason: ClawBotError) -> None:
        """End a try without a result, revoke its token, and tell the chat why."""
        async with in_transaction():
            await attempt.refresh_from_db()
            await self.tokens.retire(attempt.github_token)
            await LinkAttempt.filter(id=attempt.id).update(stage=LinkStage.CLOSED, **_EMPTY)
            user = await User.get(id=attempt.user_id)
            await self.outbox.post(
                user.telegram_id, NoticeKind.GITHUB_FAILED, {"reason": reason.key}, dedupe_key=f"github:{attempt.id}"
            )
        await self.tokens.revoke_due()


def _noted(account: GitHubAccount, sealed: str) -> dict[str, Any]:
    """The columns of an attempt whose person is known."""
    return {
        "github_id": account.id,
        "github_username": account.login,
        "email": account.email,
        "github_token": sealed,
        "verifier": None,
    }
