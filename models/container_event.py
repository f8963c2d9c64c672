"""What happened to containers."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.user import User


class ContainerEventRow(Model):
    """One line of an agent's history. ``details`` is redacted text for people, never parsed."""

    id = fields.IntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="container_events", on_delete=fields.RESTRICT
    )
    user_id: int
    agent_id = fields.IntField(db_index=True)
    container_id = fields.CharField(max_length=100, null=True)
    event_type = fields.CharField(max_length=50)
    severity = fields.CharField(max_length=10, default="info")
    details = fields.TextField(null=True)
    created_at: datetime = fields.DatetimeField(db_index=True)

    class Meta:
        table = "container_events"
