"""The database: one noun a file, nothing but columns, enums and constraints."""

from models.agent import Agent, ContainerStatus, DesiredState, Rest, Stage, Trouble
from models.archive import Archive
from models.audit import AuditEntry
from models.budget import Budget
from models.container_event import ContainerEventRow
from models.fsm_state import FsmState
from models.heartbeat import Heartbeat
from models.incident import Cause, Incident, Severity
from models.installation import Installation
from models.link_attempt import LinkAttempt, LinkStage
from models.notification import Notification, NotificationState
from models.reservation import Reservation
from models.revocation import Revocation
from models.uptime_day import UptimeDay
from models.usage import Source, Tier, UsageLog
from models.user import User

__all__ = [
    "Agent",
    "Archive",
    "AuditEntry",
    "Budget",
    "Cause",
    "ContainerEventRow",
    "ContainerStatus",
    "DesiredState",
    "FsmState",
    "Heartbeat",
    "Incident",
    "Installation",
    "LinkAttempt",
    "LinkStage",
    "Notification",
    "NotificationState",
    "Reservation",
    "Rest",
    "Revocation",
    "Severity",
    "Source",
    "Stage",
    "Tier",
    "Trouble",
    "UptimeDay",
    "UsageLog",
    "User",
]
