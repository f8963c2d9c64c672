"""A person who talks to the manager bot."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from manager_bot.tiers import TierWish


class User(Model):
    """A Telegram person. Admin is not a column: the setting ``CLAWBOT_ADMIN_IDS`` says who is.

    ``plan`` is a :class:`~manager_bot.plans.PlanName`, null until one was picked. The columns ``card_*`` remember the
    one live card: its message, the screen it shows and the agent revision that screen was drawn from. ``github_token``
    and ``gemini_api_key`` are sealed. An admin's ``quiet_hours`` (:mod:`manager_bot.services.quiet`) hold back all but
    critical alerts.
    """

    id = fields.IntField(primary_key=True)
    telegram_id = fields.BigIntField(unique=True)
    name = fields.CharField(max_length=128)
    username = fields.CharField(max_length=64, null=True)
    language = fields.CharField(max_length=8, default="en")
    plan = fields.CharField(max_length=20, null=True)
    github_id = fields.CharField(max_length=50, null=True, unique=True)
    github_username = fields.CharField(max_length=100, null=True)
    email = fields.CharField(max_length=255, null=True)
    github_token = fields.TextField(null=True)
    gemini_api_key = fields.TextField(null=True)
    tier_wish = fields.CharEnumField(TierWish, max_length=8, default=TierWish.AUTO)
    custom_rules = fields.TextField(null=True)
    is_active = fields.BooleanField(default=True)
    quiet_hours = fields.CharField(max_length=64, null=True)
    has_blocked = fields.BooleanField(default=False)
    card_message_id = fields.IntField(null=True)
    card_screen = fields.CharField(max_length=32, null=True)
    card_revision = fields.IntField(default=0)
    created_at: datetime = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "users"
