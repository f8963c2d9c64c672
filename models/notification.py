"""The outbox."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model


class NotificationState(StrEnum):
    """Where a notification stands."""

    PENDING = "pending"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"


class Notification(Model):
    """A message to be sent once, in order per chat, however often Telegram or the manager fails.

    It is rendered when sent, in the reader's language, from ``kind`` and ``values``. ``dedupe_key`` admits it once.
    Notifications of one ``subject`` in one chat are one message: the first is sent, later ones edit it.
    ``token_of`` is the agent whose bot speaks (null: the manager).
    """

    id = fields.IntField(primary_key=True)
    chat_id = fields.BigIntField()
    token_of = fields.IntField(null=True)
    kind = fields.CharField(max_length=48)
    values: dict[str, Any] = fields.JSONField(default=dict)
    subject = fields.CharField(max_length=64, null=True)
    dedupe_key = fields.CharField(max_length=96, null=True, unique=True)
    state = fields.CharEnumField(NotificationState, max_length=16, default=NotificationState.PENDING)
    message_id = fields.IntField(null=True)
    attempts = fields.IntField(default=0)
    due_at: datetime = fields.DatetimeField()
    sent_at: datetime | None = fields.DatetimeField(null=True)
    created_at: datetime = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "notifications"
        indexes = (("state", "due_at"), ("chat_id", "subject"))
