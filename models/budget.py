"""One user's token budget of one UTC day."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from models.user import User


class Budget(Model):
    """The row a reservation is taken against, in one conditional update.

    ``used`` is settled, ``held`` is reserved by open calls, ``granted`` was added by an admin for this day;
    ``noticed_percent`` is the highest of 80, 95 and 100 the owner was told.
    """

    id = fields.IntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="budgets", on_delete=fields.RESTRICT
    )
    user_id: int
    date = fields.CharField(max_length=10)
    used = fields.BigIntField(default=0)
    held = fields.BigIntField(default=0)
    granted = fields.BigIntField(default=0)
    noticed_percent = fields.SmallIntField(default=0)

    class Meta:
        table = "budgets"
        unique_together = (("user", "date"),)
