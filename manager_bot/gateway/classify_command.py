"""``clawbot classify``: JSON lines of texts in, their class and tier out, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

import orjson

from manager_bot.errors import OperatorError
from manager_bot.gateway.policy.routing import classify, tier_of


def classify_lines(stdin: Iterable[str], stdout: TextIO) -> None:
    """One answer a line; blank lines are passed over, a wrong line ends the run with its number."""
    for number, line in enumerate(stdin, start=1):
        if line.strip():
            query = classify(_text_of(line, number))
            stdout.write(orjson.dumps({"class": query, "tier": tier_of(query)}).decode() + "\n")
            stdout.flush()


def _text_of(line: str, number: int) -> str:
    try:
        given = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise OperatorError(
            f"classify: line {number} is not JSON ({error}); send one object with a text a line"
        ) from None
    text = given.get("text") if isinstance(given, dict) else None
    if not isinstance(text, str):
        raise OperatorError(f'classify: line {number} has no "text"; send one object with a text a line')
    return text
