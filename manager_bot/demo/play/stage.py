"""The terminal as a stage: what both sides write appears as it happens, and each step says what it proved."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from manager_bot.demo.client import WorldClient
from manager_bot.redaction import redact


class StepFailed(AssertionError):
    """Something the step promised did not happen."""


@dataclass(slots=True)
class Stage:
    """Prints the play and keeps the list of what was proven."""

    console: Console
    proven: int = 0
    timings: dict[str, float] = field(default_factory=dict)
    _people: dict[int, str] = field(default_factory=dict)
    _listener: asyncio.Task[None] | None = None

    def introduce(self, person_id: int, name: str) -> None:
        """Show *name* where this person writes or presses."""
        self._people[person_id] = name

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        """One step of the journey."""
        self.console.rule(f"[bold]{escape(title)}", align="left")
        began = time.monotonic()
        yield
        self.console.print(f"  [dim]{time.monotonic() - began:.1f} s[/]")

    def prove(self, truth: object, what: str) -> None:
        """Assert one thing and say so; raises :class:`StepFailed`."""
        if not truth:
            raise StepFailed(what)
        self.proven += 1
        self.console.print(f"  [green]✓[/] {escape(what)}", soft_wrap=True)

    async def prove_soon(self, check: Callable[[], Awaitable[object]], what: str, within: float = 30) -> float:
        """Assert that *check* becomes true within so many seconds; how many it took."""
        began = time.monotonic()
        while not await check():
            if time.monotonic() - began > within:
                raise StepFailed(f"{what} (waited {within:g} s)")
            await asyncio.sleep(0.1)
        took = time.monotonic() - began
        self.prove(True, f"{what} ({took:.1f} s)")
        return took

    async def prove_stays(self, check: Callable[[], Awaitable[object]], what: str, seconds: float) -> None:
        """Assert that *check* stays true for so many seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not await check():
                raise StepFailed(what)
            await asyncio.sleep(0.25)
        self.prove(True, f"{what} (watched for {seconds:g} s)")

    def note(self, line: str) -> None:
        """A stage direction."""
        self.console.print(f"  [dim]{escape(line)}[/]")

    def follow(self, world: WorldClient) -> None:
        """Show what happens in *world* from now on."""
        self._listener = asyncio.create_task(self._show_events(world))

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await self._listener

    async def _show_events(self, world: WorldClient) -> None:
        async for event in world.events():
            line = self._line_of(event)
            if line is not None:
                self.console.print(line, soft_wrap=True)

    def _line_of(self, event: dict[str, Any]) -> Text | None:
        """One event as a person at the chat would tell it; nothing for what a person does not see."""
        message = event.get("message")
        if not isinstance(message, dict):
            return None
        person = self._people.get(message["person"], str(message["person"]))
        bot = f"@{message['bot']}"
        kind = event["kind"]
        line: Text | None = None
        if kind == "delete":
            line = _speech("×", f"{person} and {bot}", "a message is deleted", "", "magenta")
        elif kind == "press":
            line = _speech(person, bot, f"presses “{_pressed(message, event['data'])}”", "", "yellow")
        elif kind in ("message", "edit") and message["outgoing"]:
            pen = " ✎" if kind == "edit" else ""
            line = _speech(bot + pen, person, _words(message), _keys(message), "cyan")
        elif kind == "message":
            line = _speech(person, bot, _words(message), "", "yellow")
        return line


def _words(message: dict[str, Any]) -> str:
    if message.get("file"):
        return f"[{message['file']['name']}] {message['text'] or ''}".strip()
    return message["text"] or " ".join(message.get("service") or ()) or "…"


def _keys(message: dict[str, Any]) -> str:
    return " ".join(f"[{button['text']}]" for row in message["buttons"] for button in row)


def _pressed(message: dict[str, Any], data: str) -> str:
    every = (button for row in message["buttons"] for button in row)
    return next((str(button["text"]) for button in every if button.get("callback_data") == data), data)


def _speech(who: str, whom: str, words: str, keys: str, colour: str) -> Text:
    line = Text("    ")
    line.append(f"{who} → {whom}: ", style=f"bold {colour}")
    line.append("\n      ".join(redact(words).splitlines()))
    if keys:
        line.append(f"\n      {keys}", style="dim")
    return line
