"""Texts in the visitor's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from markupsafe import Markup

from manager_bot.texts import DEFAULT_LANGUAGE, Texts


@dataclass(frozen=True, slots=True)
class Words:
    """What to say in one language; the texts are HTML, their values escaped."""

    texts: Texts
    language: str

    def __call__(self, key: str, **values: object) -> Markup:
        """The text of *key*."""
        return Markup(self.texts.get(self.language, key, **values))  # noqa: S704 - escaped there

    def number(self, value: float) -> str:
        """A figure with its separators."""
        return str(format_decimal(value, format="#,##0.##", locale=self.language))

    def moment(self, moment: datetime) -> str:
        """Date and time, UTC."""
        return str(format_datetime(moment, format="d MMM, HH:mm", locale=self.language))

    def day(self, day: date) -> str:
        """A date in words."""
        return str(format_date(day, format="d MMMM", locale=self.language))


def preferred(header: str, known: Iterable[str]) -> str:
    """The language an ``Accept-Language`` header likes best of those we know."""
    languages = set(known)
    wishes = []
    for at, part in enumerate(header[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        wishes.append((-weight, at, tag.split("-")[0].strip().lower()))
    return next((base for weight, _, base in sorted(wishes) if base in languages and weight < 0), DEFAULT_LANGUAGE)
