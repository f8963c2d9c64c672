"""A problem with an opening and a closing time."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class Severity(StrEnum):
    """How loud an event is (source: the seed's monitoring table)."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Cause(StrEnum):
    """Why something is wrong; the agent's causes share their names with :class:`~models.agent.Trouble`."""

    CRASHED = "crashed"
    OUT_OF_MEMORY = "out_of_memory"
    BAD_CONFIG = "bad_config"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a cause, not a token
    POLLED_ELSEWHERE = "polled_elsewhere"
    DEAF = "deaf"
    UNHEALTHY = "unhealthy"
    START_FAILED = "start_failed"
    WAKE_FAILED = "wake_failed"
    HIGH_MEMORY = "high_memory"
    MEMORY_SHORT = "memory_short"
    DISK_FULL = "disk_full"
    DOCKER_DOWN = "docker_down"
    MASS_FAILURE = "mass_failure"
    GEMINI_DOWN = "gemini_down"
    MODEL_UNAVAILABLE = "model_unavailable"
    TELEGRAM_DOWN = "telegram_down"


class Incident(Model):
    """Open while ``closed_at`` is null.

    ``open_key`` (null once closed) is unique: one open incident per agent and cause, per host and cause, or per
    platform and cause. ``log_tail`` is redacted. The status page shows what an admin published, by its cause alone.
    """

    id = fields.IntField(primary_key=True)
    open_key = fields.CharField(max_length=64, null=True, unique=True)
    agent_id = fields.IntField(null=True, db_index=True)
    user_id = fields.IntField(null=True)
    cause = fields.CharEnumField(Cause, max_length=24)
    severity = fields.CharEnumField(Severity, max_length=10)
    occurrences = fields.IntField(default=1)
    attempts = fields.IntField(default=0)
    max_attempts = fields.IntField(null=True)
    gave_up = fields.BooleanField(default=False)
    exit_code = fields.IntField(null=True)
    memory_mb = fields.IntField(null=True)
    log_tail = fields.TextField(null=True)
    next_attempt_at: datetime | None = fields.DatetimeField(null=True)
    acknowledged_by = fields.BigIntField(null=True)
    acknowledged_at: datetime | None = fields.DatetimeField(null=True)
    snoozed_until: datetime | None = fields.DatetimeField(null=True)
    published_at: datetime | None = fields.DatetimeField(null=True)
    opened_at: datetime = fields.DatetimeField()
    updated_at: datetime = fields.DatetimeField()
    closed_at: datetime | None = fields.DatetimeField(null=True, db_index=True)

    class Meta:
        table = "incidents"
