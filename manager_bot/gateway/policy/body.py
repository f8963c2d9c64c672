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
    for part in parts_of(content):
        text = part.get("text")
        if isinstance(text, str) and part.get("thought") is not True:
            yield text


def has(content: JsonObject, kind: str) -> bool:
    """Whether a part of the content carries `kind` (``functionCall``, ``functionResponse``, ``inlineData``)."""
    return any(kind in part for part in parts_of(content))
