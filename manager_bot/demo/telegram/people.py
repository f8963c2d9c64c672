"""People: the human accounts of the world."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

FIRST_PERSON_ID = 700_000_001


@dataclass(frozen=True, slots=True)
class Person:
    """A human Telegram account."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None

    def as_user(self) -> dict[str, object]:
        user: dict[str, object] = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        optional = {"last_name": self.last_name, "username": self.username, "language_code": self.language_code}
        return user | {key: value for key, value in optional.items() if value}

    def as_chat(self) -> dict[str, object]:
        chat: dict[str, object] = {"id": self.id, "type": "private", "first_name": self.first_name}
        optional = {"last_name": self.last_name, "username": self.username}
        return chat | {key: value for key, value in optional.items() if value}


@dataclass(slots=True)
class People:
    """The register of people."""

    by_id: dict[int, Person] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(FIRST_PERSON_ID))

    def add(
        self,
        first_name: str,
        *,
        username: str | None,
        last_name: str | None,
        language_code: str | None,
        person_id: int | None,
    ) -> Person:
        if person_id is None:
            person_id = next(number for number in self._ids if number not in self.by_id)
        if person_id in self.by_id:
            raise ValueError(f"a person with id {person_id} exists")
        if username and self.find(username):
            raise ValueError(f"the username {username} is taken")
        person = Person(person_id, first_name, last_name, username, language_code)
        self.by_id[person_id] = person
        return person

    def find(self, reference: str) -> Person | None:
        """By id or by username, with or without the @."""
        if reference.isdecimal():
            return self.by_id.get(int(reference))
        name = reference.removeprefix("@").lower()
        return next((person for person in self.by_id.values() if (person.username or "").lower() == name), None)
