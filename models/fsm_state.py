"""Where a conversation stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model


class FsmState(Model):
    """One aiogram FSM context. ``key`` is its storage key as text."""

    key = fields.CharField(max_length=128, primary_key=True)
    state = fields.CharField(max_length=64, null=True)
    data: dict[str, Any] = fields.JSONField(default=dict)
    updated_at: datetime = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "fsm_states"
