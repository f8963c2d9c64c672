"""Reading Gemini's ``usageMetadata``, whole or from a stream, without delaying a byte of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from manager_bot.gateway.policy.tokens import estimate_content
from manager_bot.services.holds import Spending

_COUNTS: Final = (
    "promptTokenCount",
    "toolUsePromptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
    "totalTokenCount",
)


def spending_of(metadata: object) -> Spending | None:
    """What a ``usageMetadata`` counts; ``None`` where it is none."""
    if not isinstance(metadata, dict):
        return None
    values = map(metadata.get, _COUNTS)
    prompt, tools, output, thoughts, cached, total = (
        value if isinstance(value, int) and value > 0 else 0 for value in values
    )
    prompt += tools
    return Spending(total or prompt + output + thoughts, prompt, output, cached, thoughts)


def total_of(metadata: Mapping[str, object]) -> int:
    """What a ``usageMetadata`` counts in all."""
    total = metadata.get("totalTokenCount")
    if isinstance(total, int) and total > 0:
        return total
    spent = spending_of(metadata)
    return spent.total if spent is not None else 0


@dataclass(slots=True)
class Reading:
    """What an answer has shown so far: the last usage, the tokens written since, and whether it came to its own end.

    ``uncounted`` is estimated, rather too many: some models count only in their last piece. Pieces are many, and most
    of them are overtaken by the next: what the last one counted is read when somebody asks.
    """

    ended: bool = False
    total: int = 0
    uncounted: int = 0
    _counted: Mapping[str, object] = field(default_factory=dict)

    @property
    def seen(self) -> Spending:
        """The last usage."""
        return spending_of(self._counted) or Spending()

    def at_least(self, prompt: int) -> Spending:
        """What was served if the answer broke off here; *prompt* is its estimate, where nothing was counted."""
        seen = self.seen
        if not self.uncounted:
            return seen
        prompt = seen.prompt or prompt
        total = (seen.total or prompt) + self.uncounted
        return replace(seen, total=total, prompt=prompt, output=seen.output + self.uncounted)

    def take(self, document: object) -> None:
        """One object of the answer."""
        if not isinstance(document, dict):
            return
        metadata, candidates = document.get("usageMetadata"), document.get("candidates")
        answers = [one for one in candidates if isinstance(one, dict)] if isinstance(candidates, list) else []
        if isinstance(metadata, dict):
            self.uncounted = 0
            if (total := total_of(metadata)) >= self.total:
                self._counted, self.total = metadata, total
        else:
            written = [content for one in answers if isinstance(content := one.get("content"), dict)]
            self.uncounted += sum(map(estimate_content, written))
        if not self.ended:
            feedback = document.get("promptFeedback")
            blocked = isinstance(feedback, dict) and "blockReason" in feedback
            self.ended = blocked or any([one.get("finishReason") for one in answers])  # noqa: C419 - one, mostly


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
