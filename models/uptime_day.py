"""How one component fared on one day."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model


class UptimeDay(Model):
    """Minutes of a UTC day (``YYYY-MM-DD``) in which ``component`` was ``up`` and in which it was ``down``.

    Minutes nobody could judge are in neither. ``checked_at`` is the last check that was booked.
    """

    id = fields.IntField(primary_key=True)
    component = fields.CharField(max_length=16)
    date = fields.CharField(max_length=10)
    up = fields.IntField(default=0)
    down = fields.IntField(default=0)
    checked_at: datetime = fields.DatetimeField()

    class Meta:
        table = "uptime_days"
        unique_together = (("component", "date"),)
