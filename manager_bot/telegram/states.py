"""What the manager may be waiting for a person to write."""

from __future__ import annotations

from aiogram.fsm.state import State, StatesGroup


class BotStep(StatesGroup):
    """While a bot is being registered."""

    token = State()


class Deletion(StatesGroup):
    """While an agent is being deleted."""

    name = State()


class Search(StatesGroup):
    """While an admin looks for a user."""

    text = State()
