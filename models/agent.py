"""A subscriber's OpenClaw: what it should be, and what was last seen of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from models.user import User


class DesiredState(StrEnum):
    """What the agent should be. Only people (and the plan's give-up rule) change it."""

    RUNNING = "running"
    STOPPED = "stopped"
    REMOVED = "removed"


class Stage(StrEnum):
    """How far a start has come, in the order the owner sees it."""

    QUEUED = "queued"
    PREPARING = "preparing"
    CREATING = "creating"
    STARTING = "starting"
    CONNECTING = "connecting"
    CONNECTED = "connected"


class ContainerStatus(StrEnum):
    """What Docker reports, and ``missing`` where it reports nothing."""

    MISSING = "missing"
    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


class Trouble(StrEnum):
    """Why the agent is not what it should be; null while nothing is wrong."""

    CRASHED = "crashed"
    OUT_OF_MEMORY = "out_of_memory"
    BAD_CONFIG = "bad_config"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a state, not a token
    POLLED_ELSEWHERE = "polled_elsewhere"
    DEAF = "deaf"
    UNHEALTHY = "unhealthy"
    START_FAILED = "start_failed"
    WAKE_FAILED = "wake_failed"
    GAVE_UP = "gave_up"


class Rest(StrEnum):
    """Whether the agent sleeps, and how far it has come; each state is left by whom its line names.

    The watchdog and the Telegram door may be two processes, so this column is all they share: every change is
    conditional on the state it leaves, and whoever comes second looks again.
    """

    AWAKE = "awake"
    """It works, or is meant to. The watchdog finds it idle, or a person wants it to sleep: ``drowsy``."""
    DROWSY = "drowsy"
    """It shall sleep. The door holds its poll once it is quiet: ``held``; a message comes: ``awake``."""
    HELD = "held"
    """The door watches for messages in its place. The watchdog freezes or stops it: ``asleep``."""
    ASLEEP = "asleep"
    """Frozen and shrunk, or stopped; both were read back. A message, a timer or a person: ``waking``."""
    WAKING = "waking"
    """Wanted at once. The watchdog thaws or starts it: ``awake``."""


class Agent(Model):
    """One per user. ``desired_state`` is intent, written before Docker is touched, and all else is observation.

    ``bot_token`` and ``gateway_key`` are sealed; the fingerprints make each unique and findable. ``container_port`` is
    the published health port on 127.0.0.1. ``wish`` counts intents (a higher number than ``wish_done`` means that the
    keeper has work); ``revision`` counts what a person could notice, so that cards know when they are stale.
    ``restart_count`` counts attempts since the agent was last healthy for ten minutes. ``allowed_ids`` are the Telegram
    ids that may talk to it beside its owner. A restart is a wish too: the container must have been started after
    ``restart_asked_at``, which makes asking twice, or crashing halfway, harmless. ``container_started_at`` and
    ``last_end_at`` are Docker's own times, kept as the names of a start already seen and of an end already counted;
    only ``started_at`` is on our clock. ``rest_since`` is when ``rest`` last changed; ``wake_at`` is when the agent's
    next own timer is due, known while it sleeps; until ``boost_until`` it may use more CPU than its plan has.
    """

    id = fields.IntField(primary_key=True)
    user: fields.OneToOneRelation[User] = fields.OneToOneField(
        "models.User", related_name="agent", on_delete=fields.RESTRICT
    )
    user_id: int
    bot_id = fields.BigIntField(unique=True)
    bot_username = fields.CharField(max_length=64)
    bot_name = fields.CharField(max_length=128)
    is_managed = fields.BooleanField(default=False)
    bot_token = fields.TextField()
    bot_token_fingerprint = fields.CharField(max_length=64, unique=True)
    gateway_key = fields.TextField()
    gateway_key_fingerprint = fields.CharField(max_length=64, unique=True)
    allowed_ids: list[int] = fields.JSONField(default=list)

    desired_state = fields.CharEnumField(DesiredState, max_length=16, default=DesiredState.RUNNING)
    wish = fields.IntField(default=1)
    wish_done = fields.IntField(default=0)
    restart_asked_at: datetime | None = fields.DatetimeField(null=True)

    image = fields.CharField(max_length=255, null=True)
    spec_digest = fields.CharField(max_length=64, null=True)
    container_id = fields.CharField(max_length=100, null=True)
    container_name = fields.CharField(max_length=100, unique=True)
    container_port = fields.IntField(unique=True)
    container_status = fields.CharEnumField(ContainerStatus, max_length=16, default=ContainerStatus.MISSING)
    stage = fields.CharEnumField(Stage, max_length=16, default=Stage.QUEUED)
    trouble = fields.CharEnumField(Trouble, max_length=24, null=True)
    restart_count = fields.IntField(default=0)
    next_attempt_at: datetime | None = fields.DatetimeField(null=True)
    started_at: datetime | None = fields.DatetimeField(null=True)
    container_started_at: datetime | None = fields.DatetimeField(null=True)
    last_end_at: datetime | None = fields.DatetimeField(null=True)
    healthy_since: datetime | None = fields.DatetimeField(null=True)
    last_poll_at: datetime | None = fields.DatetimeField(null=True)
    last_activity_at: datetime | None = fields.DatetimeField(null=True)
    door_trouble = fields.CharEnumField(Trouble, max_length=24, null=True)
    updates_waiting = fields.IntField(default=0)
    waiting_since: datetime | None = fields.DatetimeField(null=True)
    rest = fields.CharEnumField(Rest, max_length=16, default=Rest.AWAKE)
    rest_since: datetime | None = fields.DatetimeField(null=True)
    wake_at: datetime | None = fields.DatetimeField(null=True)
    boost_until: datetime | None = fields.DatetimeField(null=True)
    revision = fields.IntField(default=1)
    created_at: datetime = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "agents"
