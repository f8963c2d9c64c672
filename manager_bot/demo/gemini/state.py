"""All the emulated Gemini knows: keys, models, scripts, faults, caches and its ledger."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import orjson

from manager_bot.demo.gemini.catalogue import Model, catalogue
from manager_bot.demo.gemini.errors import JsonObject
from manager_bot.demo.gemini.ledger import Ledger
from manager_bot.demo.gemini.script import Answer, Asked, Fault, Script, matches
from manager_bot.demo.gemini.tokens import count_content, count_json
from manager_bot.demo.gemini.words import contents_of

DEMO_KEY: Final = "AIza" + "SyClawBotDemoKey".ljust(35, "0")
"""The key that works from the start: of Google's shape, so that redaction is tried on it too."""

_CACHE_ENTRIES: Final = 8192


@dataclass(slots=True)
class GeminiState:
    """The emulated service's mutable state; one asyncio loop owns it."""

    keys: set[str] = field(default_factory=lambda: {DEMO_KEY})
    revoked: set[str] = field(default_factory=set)
    models: dict[str, Model] = field(default_factory=catalogue)
    scripts: list[Script] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    pace: float = 0.02
    """Seconds between the chunks of an unscripted answer."""
    cache_floor: int = 1024
    """Prompts are cached from this many tokens on, as Google's implicit caching does."""
    _prefixes: OrderedDict[bytes, None] = field(default_factory=OrderedDict)

    def add_keys(self, keys: Iterable[str]) -> None:
        """Make keys valid, revoked ones again too."""
        self.keys.update(keys)
        self.revoked.difference_update(keys)

    def revoke(self, key: str) -> None:
        """From now on this key is refused as expired."""
        self.revoked.add(key)

    def take_answer(self, asked: Asked) -> Answer | None:
        """The scripted answer for a request, counted down; the newest script wins."""
        for script in reversed(self.scripts):
            if script.left != 0 and matches(script.match, asked):
                if script.left is not None:
                    script.left -= 1
                return script.answer
        return None

    def take_fault(self, asked: Asked) -> Fault | None:
        """The fault for a request, counted down; the newest one wins."""
        for fault in reversed(self.faults):
            if fault.left != 0 and matches(fault.match, asked, tools_matter=fault.match.after_tool is not None):
                if fault.left is not None:
                    fault.left -= 1
                return fault
        return None

    def count_prompt(self, body: JsonObject, key: str, model: str) -> tuple[int, int]:
        """Tokens of a prompt and how many of them were cached by an earlier one with the same beginning.

        The prefix is compared in whole segments (system instruction, tools, each content), byte by byte.
        """
        running = hashlib.sha256(f"{key}\0{model}".encode())
        total = cached = 0
        seen: list[bytes] = []
        segments = _segments(body)
        for at, (segment, tokens) in enumerate(segments):
            running.update(orjson.dumps(segment))
            digest = running.digest()
            total += tokens
            if at < len(segments) - 1 and digest in self._prefixes and total >= self.cache_floor:
                cached = total
            seen.append(digest)
        self._remember(seen)
        return total, cached

    def _remember(self, digests: list[bytes]) -> None:
        for digest in digests:
            self._prefixes[digest] = None
            self._prefixes.move_to_end(digest)
        while len(self._prefixes) > _CACHE_ENTRIES:
            self._prefixes.popitem(last=False)

    def reset(self) -> None:
        """Back to the state of a start, keys and models excepted."""
        self.scripts.clear()
        self.faults.clear()
        self.revoked.clear()
        self.ledger.clear()
        self._prefixes.clear()


def _segments(body: JsonObject) -> list[tuple[object, int]]:
    segments: list[tuple[object, int]] = []
    system = body.get("systemInstruction")
    if isinstance(system, dict):
        segments.append((system, count_content(system)))
    if body.get("tools"):
        segments.append((body["tools"], count_json(body["tools"])))
    return segments + [(one, count_content(one)) for one in contents_of(body)]
