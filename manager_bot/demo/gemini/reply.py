"""An answer becomes what Gemini sends: parts, chunks, finish reason and usage."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from manager_bot.demo.gemini.catalogue import Model, Thinking
from manager_bot.demo.gemini.errors import Json, JsonObject
from manager_bot.demo.gemini.ledger import Usage
from manager_bot.demo.gemini.rules import sign
from manager_bot.demo.gemini.script import Answer
from manager_bot.demo.gemini.tokens import count_part, cut_text, split_text

_USAGE_FIELDS = {
    "promptTokenCount": "prompt",
    "candidatesTokenCount": "candidates",
    "thoughtsTokenCount": "thoughts",
    "cachedContentTokenCount": "cached",
    "toolUsePromptTokenCount": "tool_use",
}
_RATINGS: list[Json] = [
    {"category": f"HARM_CATEGORY_{name}", "probability": "NEGLIGIBLE"}
    for name in ("HATE_SPEECH", "DANGEROUS_CONTENT", "HARASSMENT", "SEXUALLY_EXPLICIT")
]


@dataclass(frozen=True, slots=True)
class Chunk:
    """One object of the stream, and the usage up to and with it."""

    body: JsonObject
    usage: Usage


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole generation."""

    chunks: tuple[Chunk, ...]
    usage: Usage
    finish: str
    calls: tuple[str, ...]

    def whole(self) -> JsonObject:
        """All chunks as the one object of `generateContent`."""
        last = self.chunks[-1].body
        if "candidates" not in last:
            return last
        parts = _merged([part for chunk in self.chunks for part in _parts_of(chunk.body)])
        candidate: JsonObject = {**_candidate(last), "content": {"parts": parts, "role": "model"}}
        return {**last, "candidates": [candidate], "usageMetadata": self.usage.json()}


def _candidate(body: JsonObject) -> JsonObject:
    candidates = body.get("candidates")
    first = candidates[0] if isinstance(candidates, list) else {}
    return first if isinstance(first, dict) else {}


def _parts_of(body: JsonObject) -> list[JsonObject]:
    content = _candidate(body).get("content")
    parts = content.get("parts") if isinstance(content, dict) else None
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _merged(parts: list[JsonObject]) -> list[Json]:
    """Neighbouring text parts of one kind as one part."""
    merged: list[Json] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(last, dict) and set(last) == set(part) <= {"text", "thought"}:
            merged[-1] = {**last, "text": f"{last['text']}{part['text']}"}
        else:
            merged.append(part)
    return merged


@dataclass(frozen=True, slots=True)
class _Ending:
    finish: str
    model: str
    response_id: str


def build(body: JsonObject, model: Model, answer: Answer, counted: Usage, response_id: str) -> Reply:
    """The reply to a request whose prompt has been counted."""
    base = _with(counted, answer.usage)
    if answer.block is not None:
        return _blocked(answer, model, base, response_id)
    config = body.get("generationConfig")
    config = config if isinstance(config, dict) else {}
    thoughts = _thoughts(answer, config, model)
    room = config.get("maxOutputTokens")
    room = min(int(room), model.output_limit) if isinstance(room, int | float) else model.output_limit
    text, finish = _fit(_stopped(answer.text, config), room - thoughts, answer)
    calls = () if finish == "MAX_TOKENS" else answer.calls
    thinking = config.get("thinkingConfig")
    shown = isinstance(thinking, dict) and thinking.get("includeThoughts") is True
    pieces: list[list[JsonObject]] = [[{"text": answer.thought, "thought": True}]] if answer.thought and shown else []
    pieces += [[{"text": piece}] for piece in split_text(text, answer.chunks)] if text or not calls else []
    if calls:
        pieces.append(_call_parts(answer, model))
    ending = _Ending(finish, model.id, response_id)
    return _assemble(pieces, replace(base, thoughts=min(thoughts, room)), answer, ending)


def _with(usage: Usage, given: Mapping[str, int]) -> Usage:
    return replace(usage, **{_USAGE_FIELDS[name]: count for name, count in given.items() if name in _USAGE_FIELDS})


def _blocked(answer: Answer, model: Model, usage: Usage, response_id: str) -> Reply:
    feedback: JsonObject = {"blockReason": answer.block, "safetyRatings": [{**_as_dict(_RATINGS[1]), "blocked": True}]}
    body: JsonObject = {"promptFeedback": feedback, "usageMetadata": usage.json()}
    body |= {"modelVersion": model.id, "responseId": response_id}
    return Reply((Chunk(body, usage),), usage, str(answer.block), ())


def _as_dict(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _thoughts(answer: Answer, config: JsonObject, model: Model) -> int:
    if answer.thought_tokens is not None:
        return answer.thought_tokens
    thinking = config.get("thinkingConfig")
    budget = thinking.get("thinkingBudget") if isinstance(thinking, dict) else None
    if model.thinking is Thinking.OFF or budget == 0:
        return 0
    wished = 24 + count_part({"text": answer.text}) // 2
    return min(wished, int(budget)) if isinstance(budget, int) and budget > 0 else wished


def _stopped(text: str, config: JsonObject) -> str:
    stops = config.get("stopSequences")
    for stop in stops if isinstance(stops, list) else []:
        text = text.split(str(stop), 1)[0]
    return text


def _fit(text: str, room: int, answer: Answer) -> tuple[str, str]:
    """The text within the room that thinking left, and why it ended."""
    kept = cut_text(text, max(room, 0))
    return (kept, "MAX_TOKENS") if kept != text or room <= 0 else (text, answer.finish)


def _call_parts(answer: Answer, model: Model) -> list[JsonObject]:
    parts: list[JsonObject] = [{"functionCall": {"name": call.name, "args": call.args}} for call in answer.calls]
    if model.signatures:
        parts[0]["thoughtSignature"] = sign(repr(answer.calls))
    return parts


def _assemble(pieces: list[list[JsonObject]], base: Usage, answer: Answer, ending: _Ending) -> Reply:
    chunks: list[Chunk] = []
    written = 0
    fixed = answer.usage.get("candidatesTokenCount")
    for at, parts in enumerate(pieces):
        last = at == len(pieces) - 1
        written += sum(count_part(part) for part in parts if part.get("thought") is not True)
        shown = written if fixed is None else fixed if last else min(fixed, written)
        usage = _with(replace(base, candidates=shown), {**answer.usage, "candidatesTokenCount": shown})
        candidate: JsonObject = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
        if last:
            candidate["finishReason"] = ending.finish
            candidate |= {"safetyRatings": list(_RATINGS)} if ending.finish == "SAFETY" else {}
        body: JsonObject = {"candidates": [candidate]}
        if last or answer.usage_in == "every":
            body["usageMetadata"] = usage.json()
        chunks.append(Chunk(body | {"modelVersion": ending.model, "responseId": ending.response_id}, usage))
    return Reply(tuple(chunks), chunks[-1].usage, ending.finish, tuple(call.name for call in answer.calls))


def response_name(number: int, model: str) -> str:
    """A response's id: the same for the same request number, so that runs can be compared."""
    return hashlib.sha256(f"{number}/{model}".encode()).hexdigest()[:22]
