"""What a test may ask of the emulated Gemini: exact answers for some requests, and faults.

The JSON of the control API and these classes are the same thing; `parse` refuses unknown names, so
that a misspelt script fails loudly instead of never matching.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, TypeVar

from manager_bot.demo.gemini.errors import JsonObject

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which requests a script or a fault is for; an empty matcher takes all.

    `words` is a case-insensitive regular expression searched in the person's words. `after_tool` is the
    name of the tool whose result is being answered: without it a script does not answer tool results,
    or a scripted tool call would call for ever.
    """

    words: str | None = None
    model: str | None = None
    key: str | None = None
    verb: str | None = None
    after_tool: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One function call the model makes."""

    name: str
    args: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """An exact answer. Times are in seconds; usage entries overwrite those counted (Google's names)."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    thought: str = ""
    thought_tokens: int | None = None
    delay: float = 0.0
    chunk_delay: float = 0.0
    chunks: int = 4
    usage: Mapping[str, int] = field(default_factory=dict)
    usage_in: str = "every"
    finish: str = "STOP"
    block: str | None = None


@dataclass(slots=True)
class Script:
    """An answer with the requests it is for; `left` counts down, None never ends."""

    match: Matcher
    answer: Answer
    left: int | None = None


class FaultKind(StrEnum):
    """How the service misbehaves."""

    STATUS = "status"
    HTML = "html"
    SLOW_FIRST_BYTE = "slow_first_byte"
    SLOW_STREAM = "slow_stream"
    BROKEN_STREAM = "broken_stream"
    DROP = "drop"


@dataclass(slots=True)
class Fault:
    """A misbehaviour for the next `left` matching requests (None: until cleared).

    `status` is used by STATUS and HTML, `seconds` by the slow kinds (per chunk for SLOW_STREAM) and as
    the retry hint of a 429, `after_chunks` by BROKEN_STREAM, which then closes the connection.
    """

    kind: FaultKind
    match: Matcher = field(default_factory=Matcher)
    status: int = 503
    seconds: float = 1.0
    after_chunks: int = 1
    left: int | None = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request a matcher looks at."""

    words: str
    model: str
    key: str
    verb: str
    tools_answered: tuple[str, ...] = ()


def matches(matcher: Matcher, asked: Asked, *, tools_matter: bool = True) -> bool:
    """Whether a request is meant."""
    if tools_matter and (matcher.after_tool is None) == bool(asked.tools_answered):
        return False
    return (
        (matcher.words is None or re.search(matcher.words, asked.words, re.IGNORECASE) is not None)
        and matcher.model in (None, asked.model)
        and matcher.key in (None, asked.key)
        and matcher.verb in (None, asked.verb)
        and (matcher.after_tool is None or matcher.after_tool in asked.tools_answered)
    )


def parse(cls: type[T], given: Mapping[str, Any], /, **converted: object) -> T:
    """One of the classes above from JSON; `ValueError` names what does not fit."""
    known = {one.name for one in fields(cls)}  # type: ignore[arg-type]  # only dataclasses come here
    if unknown := set(given) - known:
        raise ValueError(f"unknown {cls.__name__.lower()} field: {', '.join(sorted(unknown))}")
    try:
        return cls(**{**given, **converted})
    except TypeError as error:
        raise ValueError(str(error)) from error


def parse_matcher(given: Mapping[str, Any]) -> Matcher:
    """A matcher whose pattern compiles."""
    matcher = parse(Matcher, given)
    try:
        re.compile(matcher.words or "")
    except re.error as error:
        raise ValueError(f"words is no regular expression: {error}") from error
    return matcher


def parse_script(given: Mapping[str, Any]) -> Script:
    """`{"match": {…}, "answer": {…}, "left": n}`."""
    answer = given.get("answer", {})
    calls = tuple(parse(Call, call) for call in answer.get("calls", ()))
    return parse(
        Script,
        given,
        match=parse_matcher(given.get("match", {})),
        answer=parse(Answer, answer, calls=calls),
    )


def parse_fault(given: Mapping[str, Any]) -> Fault:
    """`{"kind": …, "match": {…}, "left": n, …}`."""
    return parse(Fault, given, kind=FaultKind(given.get("kind", "")), match=parse_matcher(given.get("match", {})))
