"""Reading a Gemini request body as plain data.

Bodies come from strangers' containers, so every accessor tolerates a wrong shape: what is not what it
should be reads as absent, and Gemini itself will say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]

MODEL: Final = "model"
USER: Final = "user"
_CAMEL: Final = {
    "function_call": "functionCall",
    "function_response": "functionResponse",
    "inline_data": "inlineData",
    "file_data": "fileData",
    "thought_signature": "thoughtSignature",
    "executable_code": "executableCode",
    "code_execution_result": "codeExecutionResult",
}
"""Google's parser takes a part's names either way."""
_SNAKE: Final = frozenset(_CAMEL)


def canonical(body: JsonObject) -> JsonObject:
    """A request in the one form the policies read; the very object where it has it already, as OpenClaw's do.

    Google's parser also takes one content, or one part, for a list of one, and snake_case: what an agent writes so must
    not go past its budget and its window unseen.
    """
    contents = body.get("contents")
    listed: list[Json] = contents if isinstance(contents, list) else [contents] if isinstance(contents, dict) else []
    shaped = [_canonical_content(one) if isinstance(one, dict) else one for one in listed]
    changed: JsonObject = {}
    if isinstance(contents, dict) or any(new is not old for new, old in zip(shaped, listed, strict=True)):
        changed["contents"] = shaped
    for name in ("systemInstruction", "system_instruction"):
        system = body.get(name)
        if isinstance(system, dict) and (plain := _canonical_content(system)) is not system:
            changed[name] = plain
    return {**body, **changed} if changed else body


def _canonical_content(content: JsonObject) -> JsonObject:
    parts = content.get("parts")
    listed: list[Json] = parts if isinstance(parts, list) else [parts] if isinstance(parts, dict) else []
    if listed is parts and not _has_snake_case(listed):
        return content
    renamed: list[Json] = [
        {_CAMEL.get(name, name): value for name, value in one.items()} if isinstance(one, dict) else one
        for one in listed
    ]
    return {**content, "parts": renamed} if listed else content


def _has_snake_case(parts: list[Json]) -> bool:
    for part in parts:  # noqa: SIM110 - asked of every content: a generator would cost more than the look
        if isinstance(part, dict) and not _SNAKE.isdisjoint(part):
            return True
    return False


def contents_of(body: JsonObject) -> list[JsonObject]:
    """The contents of a request that are objects."""
    return objects(body.get("contents"))


def parts_of(content: JsonObject) -> list[JsonObject]:
    """The parts of a content that are objects."""
    return objects(content.get("parts"))


def objects(value: Json) -> list[JsonObject]:
    """The objects of a list; nothing where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def is_model(content: JsonObject) -> bool:
    """Whether the model said it; a content without a role is the user's."""
    return content.get("role") == MODEL


def texts_of(content: JsonObject) -> Iterator[str]:
    """The plain texts of a content, thoughts left out."""
    parts = content.get("parts")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict) and isinstance(text := part.get("text"), str) and part.get("thought") is not True:
            yield text


def has(content: JsonObject, kind: str) -> bool:
    """Whether a part of the content carries `kind` (``functionCall``, ``functionResponse``, ``inlineData``)."""
    parts = content.get("parts")
    if isinstance(parts, list):
        for part in parts:  # asked of every content several times: a generator would cost more than the look
            if isinstance(part, dict) and kind in part:
                return True
    return False
