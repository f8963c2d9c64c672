"""Writing to the outbox. Sending is :mod:`manager_bot.telegram.outbox`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from manager_bot.clock import Clock
from manager_bot.services.quiet import quiet_until
from models import Notification, NotificationState

_ABOUT_TO_GO = timedelta(seconds=1)
"""So near its time a message may be on its way already."""


class NoticeKind(StrEnum):
    """What a notification says; the Telegram layer renders it in the reader's language when it is sent.

    The values each kind carries (all JSON) stand beside it; ``incident_id`` is rendered from the row as it is then.
    """

    WATCHDOG_STARTED = "watchdog_started"  # agents, running
    INCIDENT = "incident"  # incident_id
    INCIDENT_WORSE = "incident_worse"  # incident_id
    INCIDENT_OVER = "incident_over"  # incident_id
    INCIDENT_REMINDER = "incident_reminder"  # incident_id
    OWNER_TROUBLE = "owner_trouble"  # trouble, gave_up
    OWNER_RECOVERED = "owner_recovered"  # bot_username
    BUDGET_NOTICE = "budget_notice"  # percent, used, limit
    AGENT_SILENT = (
        # reason (stopped, suspended, over_budget, too_long, broken), manager_username; spoken by the agent's bot
        "agent_silent"
    )
    MESSAGE_FROM_ADMIN = "message_from_admin"  # text
    SUSPENDED = "suspended"  # -
    RESUMED = "resumed"  # -
    AGENT_ARCHIVED = "agent_archived"  # bot_username, until (ISO 8601)
    AGENT_PURGED = "agent_purged"  # bot_username
    DISK_NEARLY_FULL = "disk_nearly_full"  # percent, share_mb
    DISK_STOPPED = "disk_stopped"  # is_host (the server is short of space, not the agent's share), share_mb
    GITHUB_CONNECTED = "github_connected"  # login
    GITHUB_FAILED = "github_failed"  # reason: the text key of an error
    GITHUB_REVOKED = "github_revoked"  # login


@dataclass(frozen=True, slots=True)
class Outbox:
    """Puts notifications where no crash loses them.

    Call it inside the transaction that saves what the notification is about: both stand, or neither.
    """

    clock: Clock
    admin_ids: tuple[int, ...]

    async def post(
        self,
        chat_id: int,
        kind: NoticeKind,
        values: Mapping[str, object] | None = None,
        *,
        subject: str | None = None,
        dedupe_key: str | None = None,
        token_of: int | None = None,
        due_at: datetime | None = None,
    ) -> bool:
        """Queue one message; ``False`` if *dedupe_key* was used before.

        Of one *subject* the first notification of a chat is sent and later ones edit that message.
        *token_of* is the id of the agent whose bot speaks instead of the manager. Before *due_at* it is not sent.
        """
        if dedupe_key is not None and await Notification.exists(dedupe_key=dedupe_key):
            return False
        try:
            await Notification.create(
                chat_id=chat_id,
                token_of=token_of,
                kind=kind.value,
                values=dict(values or {}),
                subject=subject,
                dedupe_key=dedupe_key,
                due_at=due_at or self.clock.now(),
            )
        except IntegrityError:
            return False
        return True

    async def post_admins(
        self,
        kind: NoticeKind,
        values: Mapping[str, object] | None = None,
        *,
        subject: str | None = None,
        dedupe_key: str | None = None,
        urgent: bool = False,
        follows: str | None = None,
        settle: timedelta | None = None,
    ) -> None:
        """Queue one message to every admin; in somebody's quiet hours it waits for their end, unless *urgent*.

        *follows* is a subject: who is only going to be told of it needs no word about how it went on. *settle* is how
        long the first message of *subject* waits, to be taken back perhaps by :meth:`withdraw`.
        """
        now = self.clock.now()
        quiet = {} if urgent else await quiet_until(self.admin_ids, now)
        for admin in self.admin_ids:
            key, until = f"{dedupe_key}:{admin}" if dedupe_key else None, quiet.get(admin)
            if (
                follows is not None
                and not await _known(admin, follows)
                and (until or await _waits(admin, follows, now))
            ):
                continue
            if subject is not None and await _known(admin, subject):
                until = None  # an edit makes no sound
            elif subject is not None and not urgent:
                if await _waits(admin, subject, now):
                    continue  # it will say how things are when it is sent
                until = until or (now + settle if settle else None)
            await self.post(admin, kind, values, subject=subject, dedupe_key=key, due_at=until)

    async def post_informed_admins(
        self, kind: NoticeKind, values: Mapping[str, object], *, about: str, dedupe_key: str
    ) -> None:
        """Queue one message at once to every admin who was told of the subject *about*."""
        for admin in self.admin_ids:
            if await _known(admin, about):
                await self.post(admin, kind, values, dedupe_key=f"{dedupe_key}:{admin}")

    async def withdraw(self, subjects: Iterable[str]) -> None:
        """What waits to be the first word about one of *subjects* goes unsaid."""
        held = Notification.filter(subject__in=list(subjects), state=NotificationState.PENDING, attempts=0)
        await held.filter(due_at__gt=self.clock.now()).delete()


async def _known(chat_id: int, subject: str | None) -> bool:
    """Whether there is a message about *subject* in the chat."""
    return subject is not None and await _about(chat_id, subject).filter(state=NotificationState.SENT).exists()


async def _waits(chat_id: int, subject: str, now: datetime) -> bool:
    """Whether a message about *subject* is held back for a while yet."""
    held = _about(chat_id, subject).filter(state=NotificationState.PENDING, due_at__gt=now + _ABOUT_TO_GO)
    return await held.exists()


def _about(chat_id: int, subject: str) -> QuerySet[Notification]:
    return Notification.filter(chat_id=chat_id, subject=subject)
