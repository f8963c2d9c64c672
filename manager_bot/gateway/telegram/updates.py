"""Which updates an agent gets: those of its own people, in private, of kinds it can use."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

SENDERS: Final = {
    "message": "from",
    "edited_message": "from",
    "callback_query": "from",
    "message_reaction": "user",
    "my_chat_member": "from",
    "poll_answer": "user",
}
"""The kinds that are passed on, and where each names the person; every other kind is dropped."""


def is_for_agent(update: Json, people: Collection[int]) -> bool:
    """Whether an update comes from one of *people*, in their private chat."""
    if not isinstance(update, dict):
        return False
    return any(_from_people(update.get(kind), sender, people) for kind, sender in SENDERS.items() if kind in update)


def _from_people(payload: Json, sender: str, people: Collection[int]) -> bool:
    if not isinstance(payload, dict):
        return False
    person = payload.get(sender)
    if not isinstance(person, dict) or person.get("id") not in people:
        return False
    message = payload.get("message")
    chat = payload.get("chat") or (message.get("chat") if isinstance(message, dict) else None)
    return chat is None or (isinstance(chat, dict) and chat.get("id") in people)


def wanted_kinds(asked: Iterable[object]) -> list[str]:
    """What to ask Telegram for; messages where nothing usable is asked, for an empty list means its default."""
    return [kind for kind in asked if isinstance(kind, str) and kind in SENDERS] or ["message"]


def last_id(updates: Iterable[Json]) -> int:
    """The highest update id (0 without any)."""
    ids = (update.get("update_id") for update in updates if isinstance(update, dict))
    return max((one for one in ids if isinstance(one, int)), default=0)
