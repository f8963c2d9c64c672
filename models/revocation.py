"""GitHub tokens that nobody shall use any more."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model


class Revocation(Model):
    """A sealed ``token`` to be revoked at GitHub; the row goes when GitHub has done it."""

    id = fields.IntField(primary_key=True)
    token = fields.TextField()
    attempts = fields.IntField(default=0)
    due_at: datetime = fields.DatetimeField(db_index=True)

    class Meta:
        table = "revocations"
