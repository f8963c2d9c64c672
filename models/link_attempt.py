"""One try to connect a GitHub account."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from models.user import User


class LinkStage(StrEnum):
    """How far a try has come; each step is taken once, by a conditional update."""

    OFFERED = "offered"  # the address stands in the chat
    OPENED = "opened"  # a browser followed it and was sent to GitHub
    RETURNED = "returned"  # GitHub sent that browser back; its code is being exchanged
    ASKED = "asked"  # the identity is known, the person has not confirmed yet
    DONE = "done"
    CLOSED = "closed"  # declined, cancelled or failed: nothing was saved


class LinkAttempt(Model):
    """Lives for ten minutes. What only a browser may know is kept as SHA-256 digests.

    ``verifier`` (PKCE) and ``github_token`` are sealed; the columns of the identity are filled only while the stage is
    ``asked``.
    """

    id = fields.IntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="link_attempts", on_delete=fields.RESTRICT
    )
    user_id: int
    stage = fields.CharEnumField(LinkStage, max_length=16, default=LinkStage.OFFERED)
    ticket_digest = fields.CharField(max_length=64, unique=True)
    state_digest = fields.CharField(max_length=64, null=True, unique=True)
    browser_digest = fields.CharField(max_length=64, null=True)
    consent_digest = fields.CharField(max_length=64, null=True, unique=True)
    verifier = fields.TextField(null=True)
    github_id = fields.CharField(max_length=50, null=True)
    github_username = fields.CharField(max_length=100, null=True)
    email = fields.CharField(max_length=255, null=True)
    github_token = fields.TextField(null=True)
    expires_at: datetime = fields.DatetimeField(db_index=True)

    class Meta:
        table = "link_attempts"
