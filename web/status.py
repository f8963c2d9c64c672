"""The status page and its JSON, made at most every two seconds, however many look."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp_jinja2
import orjson
from aiohttp import web
from markupsafe import Markup

from manager_bot.services.status import DayRecord, Part, Status, StatusBoard, percent_of
from manager_bot.texts import Texts
from web.assets import SCRIPT, STYLE
from web.words import Words, preferred

FRESH_SECONDS: Final = 2.0
WHOLE: Final = 99.9
FAIR: Final = 95.0
"""Percent of a day's records from which on its bar is green, and yellow."""
WORST_DAYS: Final = 5
"""Days with trouble that are named one by one, for each part."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished answer."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> Kept:
        return cls(body, hashlib.sha256(body).hexdigest()[:20])


@dataclass(slots=True)
class StatusPages:
    """The two routes. Nobody's request makes the database work for more than one reader."""

    board: StatusBoard
    texts: Texts
    fresh_seconds: float = FRESH_SECONDS
    _status: Status | None = None
    _until: float = 0.0
    _kept: dict[str, Kept] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The page, in the language the browser prefers."""
        language = preferred(request.headers.get("Accept-Language", ""), self.texts.languages)
        status = await self._current()
        if language not in self._kept:
            words = Words(self.texts, language)
            text = aiohttp_jinja2.render_string("status.html", request, shown(status, words))
            self._kept[language] = Kept.of(text.encode())
        return _answer(request, self._kept[language], "text/html", {"Vary": "Accept-Language"})

    async def json(self, request: web.Request) -> web.StreamResponse:
        """The same for machines."""
        status = await self._current()
        if "json" not in self._kept:
            self._kept["json"] = Kept.of(orjson.dumps(as_json(status)))
        return _answer(request, self._kept["json"], "application/json", {})

    async def _current(self) -> Status:
        async with self._lock:
            if self._status is None or time.monotonic() >= self._until:
                self._status = await self.board.read()
                self._until = time.monotonic() + self.fresh_seconds
                self._kept.clear()
            return self._status


def _answer(request: web.Request, kept: Kept, kind: str, headers: dict[str, str]) -> web.Response:
    headers = {**headers, "ETag": f'"{kept.etag}"', "Cache-Control": "no-cache"}
    if any(tag.value == kept.etag for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=kept.body, content_type=kind, charset="utf-8", headers=headers)


def as_json(status: Status) -> dict[str, Any]:
    """Counts, states, causes and times. A day's uptime is in percent, null without records.

    The time is in whole minutes, so that an answer in which nothing changed is the same answer.
    """
    return {
        "status": status.overall.value,
        "updated_at": status.at.replace(second=0, microsecond=0),
        "components": {part.value: state.value for part, state in status.parts.items()},
        "agents": {state.value: count for state, count in status.agents.items()},
        "incidents": [
            {"cause": one.cause.value, "opened_at": one.opened_at, "closed_at": one.closed_at}
            for one in status.incidents
        ],
        "uptime": {
            part.value: {"percent": percent_of(days), "days": [percent_of([day]) for day in days]}
            for part, days in status.days.items()
        },
    }


def shown(status: Status, words: Words) -> dict[str, Any]:
    """What the template shows, all of it said already."""
    return {
        "language": words.language,
        "style": STYLE,
        "script": SCRIPT,
        "title": words("status.title"),
        "overall": status.overall.value,
        "headline": words(f"status.overall.{status.overall.value}"),
        "updated": words("status.updated", time=words.moment(status.at)),
        "offline": words("status.offline"),
        "heads": {
            "parts": words("status.components"),
            "agents": words("status.agents"),
            "incidents": words("status.incidents"),
            "begin": words("status.uptime.begin"),
            "end": words("status.uptime.end"),
            "days": words("status.uptime.days"),
        },
        "parts": [_part(status, part, words) for part in Part],
        "agents": [(words(f"status.agents.{state.value}"), count) for state, count in status.agents.items()],
        "incidents": [
            (
                words(f"cause.{one.cause.value}"),
                one.closed_at is None,
                words("status.incident.open", since=words.moment(one.opened_at))
                if one.closed_at is None
                else words(
                    "status.incident.over", since=words.moment(one.opened_at), until=words.moment(one.closed_at)
                ),
            )
            for one in status.incidents
        ],
        "no_incidents": words("status.incidents.none"),
        "legend": words("status.uptime.legend", whole=words.number(WHOLE), fair=words.number(FAIR)),
        "bad_days": [line for part in Part for line in _bad_days(status.days[part], part, words)],
    }


def _part(status: Status, part: Part, words: Words) -> dict[str, Any]:
    name, state, days = words(f"status.part.{part.value}"), status.parts[part].value, status.days[part]
    percent = percent_of(days)
    figure = words.number(percent) if percent is not None else ""
    return {
        "name": name,
        "state": state,
        "word": words(f"status.state.{state}"),
        "percent": words("status.uptime.of", percent=figure) if figure else words("status.uptime.none"),
        "picture": words("status.uptime.picture", part=name, percent=figure)
        if figure
        else words("status.uptime.picture.none", part=name),
        "bars": [(kind, path) for kind, path in bars(days).items() if path],
    }


def bars(days: tuple[DayRecord, ...]) -> dict[str, Markup]:
    """One SVG path for each kind of day: a bar is three wide and thirty high, every four. Small, and no style in it."""
    paths: dict[str, list[str]] = {"good": [], "fair": [], "bad": [], "none": []}
    for at, day in enumerate(days):
        paths[_kind(percent_of([day]))].append(f"M{at * 4} 0h3v30h-3z")
    return {kind: Markup("".join(parts)) for kind, parts in paths.items()}  # noqa: S704 - numbers only


def _kind(percent: float | None) -> str:
    if percent is None:
        return "none"
    if percent >= WHOLE:
        return "good"
    return "fair" if percent >= FAIR else "bad"


def _bad_days(days: tuple[DayRecord, ...], part: Part, words: Words) -> list[Markup]:
    worst = sorted((day for day in days if day.down), key=lambda day: -day.down)[:WORST_DAYS]
    name = words(f"status.part.{part.value}")
    return [
        words("status.uptime.day", part=name, day=words.day(one.day), minutes=words.number(one.down))
        for one in sorted(worst, key=lambda day: day.day)
    ]
