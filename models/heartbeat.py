"""Signs of life of the parts."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model


class Heartbeat(Model):
    """``part`` (bot, gateway, web, watchdog) was alive at ``at``."""

    part = fields.CharField(max_length=16, primary_key=True)
    at: datetime = fields.DatetimeField()

    class Meta:
        table = "heartbeats"
