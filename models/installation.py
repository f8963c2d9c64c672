"""This installation's mark."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model


class Installation(Model):
    """The one row, made at first start. ``mark`` stands on every container, network and rule of ours.

    ``manager_username`` is the manager bot's, for a process that links to it without speaking to Telegram.
    """

    id = fields.IntField(primary_key=True)
    mark = fields.CharField(max_length=12, unique=True)
    manager_username = fields.CharField(max_length=64, default="")
    created_at: datetime = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "installation"
