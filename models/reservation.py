"""An open hold on a budget."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.usage import Source, Tier
from models.user import User


class Reservation(Model):
    """Taken before a call, settled after it. What a crash leaves open is settled at the next start.

    ``tokens`` is the hold. ``seen_*`` is the last usage Gemini reported while streaming: a call cut off is booked
    at the larger of the two. ``process`` names the run that opened it (a random id made at start).
    """

    id = fields.IntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="reservations", on_delete=fields.RESTRICT
    )
    user_id: int
    date = fields.CharField(max_length=10)
    tier = fields.CharEnumField(Tier, max_length=8)
    source = fields.CharEnumField(Source, max_length=16)
    own_key = fields.BooleanField(default=False)
    message_count = fields.SmallIntField(default=0)
    tokens = fields.BigIntField()
    seen_tokens = fields.BigIntField(default=0)
    process = fields.CharField(max_length=32)
    created_at: datetime = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "reservations"
