"""Tokens and messages, as Gemini counted them."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from manager_bot.tiers import Tier
from models.user import User

__all__ = ["Source", "Tier", "UsageLog"]


class Source(StrEnum):
    """What the tokens were spent on."""

    CHAT = "chat"
    TOOL_LOOP = "tool_loop"
    COMPACTION = "compaction"
    EMBEDDING = "embedding"
    HEARTBEAT = "heartbeat"


class UsageLog(Model):
    """One row per user, UTC day (``YYYY-MM-DD``), tier and source. ``own_key`` rows do not count against the budget.

    ``token_count`` is the sum of Gemini's ``totalTokenCount``; ``message_count`` counts a person's turns.
    ``saved_tokens`` are prompt tokens spared by truncation and compaction, an estimate from below; a summary of ours is
    booked with what it cost as a negative saving, so that the sum is what was really gained.
    """

    id = fields.IntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="usage_logs", on_delete=fields.RESTRICT
    )
    user_id: int
    date = fields.CharField(max_length=10)
    tier = fields.CharEnumField(Tier, max_length=8)
    source = fields.CharEnumField(Source, max_length=16)
    own_key = fields.BooleanField(default=False)
    message_count = fields.BigIntField(default=0)
    request_count = fields.BigIntField(default=0)
    token_count = fields.BigIntField(default=0)
    prompt_tokens = fields.BigIntField(default=0)
    output_tokens = fields.BigIntField(default=0)
    cached_tokens = fields.BigIntField(default=0)
    thought_tokens = fields.BigIntField(default=0)
    saved_tokens = fields.BigIntField(default=0)

    class Meta:
        table = "usage_logs"
        unique_together = (("user", "date", "tier", "source", "own_key"),)
