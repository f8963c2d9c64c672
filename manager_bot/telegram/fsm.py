"""Where conversations stand, kept in the database: a restart in the middle of a flow is not noticed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey

from models import FsmState


class DatabaseStorage(BaseStorage):
    """aiogram's FSM storage on :class:`~models.FsmState`; a context with neither state nor data has no row."""

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        value = state.state if isinstance(state, State) else state
        await self._write(key, state=value)

    async def get_state(self, key: StorageKey) -> str | None:
        row = await FsmState.get_or_none(key=_name(key))
        return row.state if row else None

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        await self._write(key, data=dict(data))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        row = await FsmState.get_or_none(key=_name(key))
        return dict(row.data) if row else {}

    async def close(self) -> None:
        """The database is closed by whoever opened it."""

    async def _write(self, key: StorageKey, **change: object) -> None:
        row = await FsmState.get_or_none(key=_name(key)) or FsmState(key=_name(key))
        row.update_from_dict(change)
        if row.state is None and not row.data:
            await FsmState.filter(key=row.key).delete()
        else:
            await row.save()


def _name(key: StorageKey) -> str:
    return f"{key.bot_id}:{key.chat_id}:{key.user_id}:{key.thread_id or ''}:{key.destiny}"
