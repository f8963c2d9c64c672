"""Reading Gemini's ``usageMetadata``, whole or from a stream, without delaying a byte of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import orjson

from manager_bot.gateway.policy.tokens import estimate_content
from manager_bot.services.holds import Spending


def spending_of(metadata: object) -> Spending | None:
    """What a ``usageMetadata`` counts; ``None`` where it is none."""
    if not isinstance(metadata, dict):
        return None
    prompt = _count(metadata, "promptTokenCount") + _count(metadata, "toolUsePromptTokenCount")
    output, thoughts = _count(metadata, "candidatesTokenCount"), _count(metadata, "thoughtsTokenCount")
    total = _count(metadata, "totalTokenCount") or prompt + output + thoughts
    return Spending(total, prompt, output, _count(metadata, "cachedContentTokenCount"), thoughts)


def _count(metadata: dict[str, object], name: str) -> int:
    value = metadata.get(name)
    return value if isinstance(value, int) and value > 0 else 0


@dataclass(slots=True)
class Reading:
    """What an answer has shown so far: the last usage, the tokens written since, and whether it came to its own end.

    ``uncounted`` is estimated, rather too many: some models count only in their last piece.
    """

    seen: Spending = field(default_factory=Spending)
    ended: bool = False
    uncounted: int = 0

    def at_least(self, prompt: int) -> Spending:
        """What was served if the answer broke off here; *prompt* is its estimate, where nothing was counted."""
        if not self.uncounted:
            return self.seen
        prompt = self.seen.prompt or prompt
        total = (self.seen.total or prompt) + self.uncounted
        return replace(self.seen, total=total, prompt=prompt, output=self.seen.output + self.uncounted)

    def take(self, document: object) -> None:
        """One object of the answer."""
        if not isinstance(document, dict):
            return
        if spent := spending_of(document.get("usageMetadata")):
            self.seen, self.uncounted = (spent if spent.total >= self.seen.total else self.seen), 0
        feedback = document.get("promptFeedback")
        blocked = isinstance(feedback, dict) and "blockReason" in feedback
        candidates = document.get("candidates")
        answers = [one for one in candidates if isinstance(one, dict)] if isinstance(candidates, list) else []
        if spent is None:
            written = [content for one in answers if isinstance(content := one.get("content"), dict)]
            self.uncounted += sum(map(estimate_content, written))
        self.ended = self.ended or blocked or any(one.get("finishReason") for one in answers)


@dataclass(slots=True)
class Frames:
    """Cuts server-sent events out of arbitrary pieces."""

    _rest: bytes = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of each event completed by *piece*."""
        self._rest += piece
        if b"\n" not in piece:
            return []
        *lines, self._rest = self._rest.split(b"\n")
        return [line[5:].strip() for line in lines if line.startswith(b"data:")]

    def rest(self) -> list[bytes]:
        """The data of an event whose line end never came."""
        return [self._rest[5:].strip()] if self._rest.startswith(b"data:") else []


def read_json(raw: bytes) -> object:
    """A document, or ``None`` where it is none."""
    try:
        document: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return document
