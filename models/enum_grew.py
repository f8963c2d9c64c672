"""A migration step for an enum that gained a value."""

from __future__ import annotations

from tortoise.migrations.operations import AlterField
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State


class EnumGrew(AlterField):
    """The column takes the new value as it is; only the description that Tortoise keeps of it changes.

    ``makemigrations`` writes an ``AlterField`` for that, which on SQLite would rebuild the table and lose data.
    """

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        """Nothing to do."""

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        """Nothing to do."""
