"""What is left of a deleted agent until it is gone for good."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.user import User


class Archive(Model):
    """The data of a removed agent, kept for seven days. ``path`` is its name in the archive (empty: it had no data).

    ``bot_token`` stays sealed for a recovery; its fingerprint is not kept, so the token is free at once.
    """

    id = fields.IntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="archives", on_delete=fields.RESTRICT
    )
    user_id: int
    agent_id = fields.IntField(unique=True)
    bot_id = fields.BigIntField()
    bot_username = fields.CharField(max_length=64)
    bot_name = fields.CharField(max_length=128)
    is_managed = fields.BooleanField(default=False)
    bot_token = fields.TextField()
    path = fields.CharField(max_length=255)
    archived_at: datetime = fields.DatetimeField()
    purge_at: datetime = fields.DatetimeField(db_index=True)

    class Meta:
        table = "archives"
