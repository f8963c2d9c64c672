from tortoise import migrations
from tortoise.migrations import operations as ops
from manager_bot.tiers import Tier
from models.agent import ContainerStatus, DesiredState, Stage, Trouble
from models.incident import Cause, Severity
from models.notification import NotificationState
from models.usage import Source
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("actor_id", fields.BigIntField(db_index=True)),
                ("role", fields.CharField(max_length=16)),
                ("action", fields.CharField(max_length=48)),
                ("user_id", fields.IntField(null=True)),
                ("agent_id", fields.IntField(null=True)),
                ("details", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("created_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "audit_log",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One act of an admin, or of a user on what is theirs. ``actor_id`` is a Telegram id, details hold no secret.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FsmState",
            fields=[
                ("key", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=128)),
                ("state", fields.CharField(null=True, max_length=64)),
                ("data", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "fsm_states",
                "app": "models",
                "pk_attr": "key",
                "table_description": "One aiogram FSM context. ``key`` is its storage key as text.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Heartbeat",
            fields=[
                ("part", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=16)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "heartbeats",
                "app": "models",
                "pk_attr": "part",
                "table_description": "``part`` (bot, gateway, web, watchdog) was alive at ``at``.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Incident",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("open_key", fields.CharField(null=True, unique=True, max_length=64)),
                ("agent_id", fields.IntField(null=True, db_index=True)),
                ("user_id", fields.IntField(null=True)),
                (
                    "cause",
                    fields.CharEnumField(
                        description="CRASHED: crashed\nOUT_OF_MEMORY: out_of_memory\nBAD_CONFIG: bad_config\nTOKEN_REVOKED: token_revoked\nPOLLED_ELSEWHERE: polled_elsewhere\nDEAF: deaf\nUNHEALTHY: unhealthy\nSTART_FAILED: start_failed\nHIGH_MEMORY: high_memory\nDISK_FULL: disk_full\nDOCKER_DOWN: docker_down\nMASS_FAILURE: mass_failure\nGEMINI_DOWN: gemini_down\nMODEL_UNAVAILABLE: model_unavailable\nTELEGRAM_DOWN: telegram_down",
                        enum_type=Cause,
                        max_length=24,
                    ),
                ),
                (
                    "severity",
                    fields.CharEnumField(
                        description="INFO: info\nWARNING: warning\nCRITICAL: critical",
                        enum_type=Severity,
                        max_length=10,
                    ),
                ),
                ("occurrences", fields.IntField(default=1)),
                ("attempts", fields.IntField(default=0)),
                ("max_attempts", fields.IntField(null=True)),
                ("gave_up", fields.BooleanField(default=False)),
                ("exit_code", fields.IntField(null=True)),
                ("memory_mb", fields.IntField(null=True)),
                ("log_tail", fields.TextField(null=True, unique=False)),
                ("next_attempt_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("acknowledged_by", fields.BigIntField(null=True)),
                ("acknowledged_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("snoozed_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("opened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "incidents",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Open while ``closed_at`` is null.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Installation",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("mark", fields.CharField(unique=True, max_length=12)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "installation",
                "app": "models",
                "pk_attr": "id",
                "table_description": "The one row, made at first start. ``mark`` stands on every container, network and rule of ours.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Notification",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("chat_id", fields.BigIntField()),
                ("token_of", fields.IntField(null=True)),
                ("kind", fields.CharField(max_length=48)),
                ("values", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("subject", fields.CharField(null=True, max_length=64)),
                ("dedupe_key", fields.CharField(null=True, unique=True, max_length=96)),
                (
                    "state",
                    fields.CharEnumField(
                        default=NotificationState.PENDING,
                        description="PENDING: pending\nSENT: sent\nUNDELIVERABLE: undeliverable",
                        enum_type=NotificationState,
                        max_length=16,
                    ),
                ),
                ("message_id", fields.IntField(null=True)),
                ("attempts", fields.IntField(default=0)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "notifications",
                "app": "models",
                "indexes": [Index(fields=["state", "due_at"]), Index(fields=["chat_id", "subject"])],
                "pk_attr": "id",
                "table_description": "A message to be sent once, in order per chat, however often Telegram or the manager fails.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="User",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("telegram_id", fields.BigIntField(unique=True)),
                ("name", fields.CharField(max_length=128)),
                ("username", fields.CharField(null=True, max_length=64)),
                ("language", fields.CharField(default="en", max_length=8)),
                ("plan", fields.CharField(null=True, max_length=20)),
                ("github_id", fields.CharField(null=True, unique=True, max_length=50)),
                ("github_username", fields.CharField(null=True, max_length=100)),
                ("email", fields.CharField(null=True, max_length=255)),
                ("github_token", fields.TextField(null=True, unique=False)),
                ("gemini_api_key", fields.TextField(null=True, unique=False)),
                ("custom_rules", fields.TextField(null=True, unique=False)),
                ("is_active", fields.BooleanField(default=True)),
                ("has_blocked", fields.BooleanField(default=False)),
                ("card_message_id", fields.IntField(null=True)),
                ("card_screen", fields.CharField(null=True, max_length=32)),
                ("card_revision", fields.IntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "users",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A Telegram person. Admin is not a column: the setting ``CLAWBOT_ADMIN_IDS`` says who is.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Agent",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "user",
                    fields.OneToOneField(
                        "models.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="agent",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("bot_id", fields.BigIntField(unique=True)),
                ("bot_username", fields.CharField(max_length=64)),
                ("bot_name", fields.CharField(max_length=128)),
                ("is_managed", fields.BooleanField(default=False)),
                ("bot_token", fields.TextField(unique=False)),
                ("bot_token_fingerprint", fields.CharField(unique=True, max_length=64)),
                ("gateway_key", fields.TextField(unique=False)),
                ("gateway_key_fingerprint", fields.CharField(unique=True, max_length=64)),
                ("allowed_ids", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                (
                    "desired_state",
                    fields.CharEnumField(
                        default=DesiredState.RUNNING,
                        description="RUNNING: running\nSTOPPED: stopped\nREMOVED: removed",
                        enum_type=DesiredState,
                        max_length=16,
                    ),
                ),
                ("wish", fields.IntField(default=1)),
                ("wish_done", fields.IntField(default=0)),
                ("restart_asked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("image", fields.CharField(null=True, max_length=255)),
                ("spec_digest", fields.CharField(null=True, max_length=64)),
                ("container_id", fields.CharField(null=True, max_length=100)),
                ("container_name", fields.CharField(unique=True, max_length=100)),
                ("container_port", fields.IntField(unique=True)),
                (
                    "container_status",
                    fields.CharEnumField(
                        default=ContainerStatus.MISSING,
                        description="MISSING: missing\nCREATED: created\nRUNNING: running\nPAUSED: paused\nRESTARTING: restarting\nREMOVING: removing\nEXITED: exited\nDEAD: dead",
                        enum_type=ContainerStatus,
                        max_length=16,
                    ),
                ),
                (
                    "stage",
                    fields.CharEnumField(
                        default=Stage.QUEUED,
                        description="QUEUED: queued\nPREPARING: preparing\nCREATING: creating\nSTARTING: starting\nCONNECTING: connecting\nCONNECTED: connected",
                        enum_type=Stage,
                        max_length=16,
                    ),
                ),
                (
                    "trouble",
                    fields.CharEnumField(
                        null=True,
                        description="CRASHED: crashed\nOUT_OF_MEMORY: out_of_memory\nBAD_CONFIG: bad_config\nTOKEN_REVOKED: token_revoked\nPOLLED_ELSEWHERE: polled_elsewhere\nDEAF: deaf\nUNHEALTHY: unhealthy\nSTART_FAILED: start_failed\nGAVE_UP: gave_up",
                        enum_type=Trouble,
                        max_length=24,
                    ),
                ),
                ("restart_count", fields.IntField(default=0)),
                ("next_attempt_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("container_started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_end_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("healthy_since", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_poll_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_activity_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "door_trouble",
                    fields.CharEnumField(
                        null=True,
                        description="CRASHED: crashed\nOUT_OF_MEMORY: out_of_memory\nBAD_CONFIG: bad_config\nTOKEN_REVOKED: token_revoked\nPOLLED_ELSEWHERE: polled_elsewhere\nDEAF: deaf\nUNHEALTHY: unhealthy\nSTART_FAILED: start_failed\nGAVE_UP: gave_up",
                        enum_type=Trouble,
                        max_length=24,
                    ),
                ),
                ("updates_waiting", fields.IntField(default=0)),
                ("waiting_since", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revision", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "agents",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One per user. ``desired_state`` is intent, written before Docker is touched, and all else is observation.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Archive",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="archives",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("agent_id", fields.IntField(unique=True)),
                ("bot_id", fields.BigIntField()),
                ("bot_username", fields.CharField(max_length=64)),
                ("bot_name", fields.CharField(max_length=128)),
                ("is_managed", fields.BooleanField(default=False)),
                ("bot_token", fields.TextField(unique=False)),
                ("path", fields.CharField(max_length=255)),
                ("archived_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("purge_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "archives",
                "app": "models",
                "pk_attr": "id",
                "table_description": "The data of a removed agent, kept for seven days. ``path`` is its name in the archive (empty: it had no data).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Budget",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="budgets",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("date", fields.CharField(max_length=10)),
                ("used", fields.BigIntField(default=0)),
                ("held", fields.BigIntField(default=0)),
                ("granted", fields.BigIntField(default=0)),
                ("noticed_percent", fields.SmallIntField(default=0)),
            ],
            options={
                "table": "budgets",
                "app": "models",
                "unique_together": (("user", "date"),),
                "pk_attr": "id",
                "table_description": "The row a reservation is taken against, in one conditional update.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ContainerEventRow",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="container_events",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("agent_id", fields.IntField(db_index=True)),
                ("container_id", fields.CharField(null=True, max_length=100)),
                ("event_type", fields.CharField(max_length=50)),
                ("severity", fields.CharField(default="info", max_length=10)),
                ("details", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "container_events",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One line of an agent's history. ``details`` is redacted text for people, never parsed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Reservation",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="reservations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("date", fields.CharField(max_length=10)),
                (
                    "tier",
                    fields.CharEnumField(
                        description="LITE: lite\nFLASH: flash\nPRO: pro", enum_type=Tier, max_length=8
                    ),
                ),
                (
                    "source",
                    fields.CharEnumField(
                        description="CHAT: chat\nTOOL_LOOP: tool_loop\nCOMPACTION: compaction\nEMBEDDING: embedding\nHEARTBEAT: heartbeat",
                        enum_type=Source,
                        max_length=16,
                    ),
                ),
                ("own_key", fields.BooleanField(default=False)),
                ("message_count", fields.SmallIntField(default=0)),
                ("tokens", fields.BigIntField()),
                ("seen_tokens", fields.BigIntField(default=0)),
                ("process", fields.CharField(db_index=True, max_length=32)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "reservations",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Taken before a call, settled after it. What a crash leaves open is settled at the next start.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="UsageLog",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="usage_logs",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("date", fields.CharField(max_length=10)),
                (
                    "tier",
                    fields.CharEnumField(
                        description="LITE: lite\nFLASH: flash\nPRO: pro", enum_type=Tier, max_length=8
                    ),
                ),
                (
                    "source",
                    fields.CharEnumField(
                        description="CHAT: chat\nTOOL_LOOP: tool_loop\nCOMPACTION: compaction\nEMBEDDING: embedding\nHEARTBEAT: heartbeat",
                        enum_type=Source,
                        max_length=16,
                    ),
                ),
                ("own_key", fields.BooleanField(default=False)),
                ("message_count", fields.BigIntField(default=0)),
                ("request_count", fields.BigIntField(default=0)),
                ("token_count", fields.BigIntField(default=0)),
                ("prompt_tokens", fields.BigIntField(default=0)),
                ("output_tokens", fields.BigIntField(default=0)),
                ("cached_tokens", fields.BigIntField(default=0)),
                ("thought_tokens", fields.BigIntField(default=0)),
            ],
            options={
                "table": "usage_logs",
                "app": "models",
                "unique_together": (("user", "date", "tier", "source", "own_key"),),
                "pk_attr": "id",
                "table_description": "One row per user, UTC day (``YYYY-MM-DD``), tier and source. ``own_key`` rows do not count against the budget.",
            },
            bases=["Model"],
        ),
    ]
