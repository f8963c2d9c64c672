"""Texts in one person's language, and figures as that language writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from manager_bot.texts import Html, Texts

LANGUAGE_NAMES = {"en": "🇬🇧 English", "ru": "🇷🇺 Русский"}
"""Each language names itself, in any catalogue; hence not a text."""


@dataclass(frozen=True, slots=True)
class Words:
    """What to say to one person."""

    texts: Texts
    language: str

    def __call__(self, key: str, **values: object) -> Html:
        """The text of *key*."""
        return self.texts.get(self.language, key, **values)

    def number(self, value: float) -> str:
        """A figure with its separators."""
        return str(format_decimal(value, locale=self.language))

    def count(self, key: str, n: int, **values: object) -> Html:
        """The text of *key* in the plural form of *n*, which it shows as ``{count}``."""
        return self(key, n=n, count=self.number(n), **values)

    def memory(self, megabytes: int) -> Html:
        """MiB, or GiB where it is whole."""
        if megabytes >= 1024 and megabytes % 512 == 0:
            return self("unit.gb", amount=self.number(megabytes / 1024))
        return self("unit.mb", amount=self.number(megabytes))

    def day(self, moment: datetime | date) -> str:
        """A date in words."""
        return str(format_date(moment, format="d MMMM", locale=self.language))

    def clock(self, moment: datetime) -> Html:
        """Date and time, UTC."""
        return self("unit.utc", time=format_datetime(moment, format="d MMM, HH:mm", locale=self.language))


def joined(*lines: str, gap: str = "\n") -> Html:
    """Html lines, one below the other; empty ones are left out."""
    return Html(gap.join(line for line in lines if line))
