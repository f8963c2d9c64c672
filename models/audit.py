"""Who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model


class AuditEntry(Model):
    """One act of an admin, or of a user on what is theirs. ``actor_id`` is a Telegram id, details hold no secret."""

    id = fields.IntField(primary_key=True)
    actor_id = fields.BigIntField(db_index=True)
    role = fields.CharField(max_length=16)
    action = fields.CharField(max_length=48)
    user_id = fields.IntField(null=True)
    agent_id = fields.IntField(null=True)
    details: dict[str, Any] = fields.JSONField(default=dict)
    created_at: datetime = fields.DatetimeField(db_index=True)

    class Meta:
        table = "audit_log"
