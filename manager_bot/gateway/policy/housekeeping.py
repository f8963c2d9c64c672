"""OpenClaw's own requests for a summary of its chat, within the window.

Their one user text is a transcript made by a machine, not a person's words: where it outgrows the window it is
shortened as a tool's output is, instead of being refused, or the chat it should make shorter could never go on.
"""

from __future__ import annotations

from manager_bot.gateway.policy.body import Json, JsonObject, contents_of, parts_of
from manager_bot.gateway.policy.excerpt import excerpt
from manager_bot.gateway.policy.tokens import estimate_request, estimate_text
from manager_bot.gateway.policy.window import TRIGGER

_LEAST = 2_000
"""Characters of a transcript that are always left: head, tail and what the excerpt finds telling."""


def fit_transcript(body: JsonObject) -> JsonObject:
    """The request with its longest text cut to what the window's trigger leaves; the very object where it fits."""
    over = estimate_request(body) - TRIGGER
    longest = _longest_text(body)
    if over <= 0 or longest is None:
        return body
    content, at, text = longest
    wanted, room, cut = estimate_text(text) - over, len(text), text
    while estimate_text(cut) > wanted and room > _LEAST:
        room = max(_LEAST, min(room - 200, room * wanted // estimate_text(cut)))
        cut = excerpt(text, room)
    parts: list[Json] = list(parts_of(content))
    parts[at] = {**parts_of(content)[at], "text": cut}
    shortened = {**content, "parts": parts}
    return {**body, "contents": [shortened if one is content else one for one in contents_of(body)]}


def _longest_text(body: JsonObject) -> tuple[JsonObject, int, str] | None:
    """The content that holds it, which of its parts it is, and the text."""
    found = [
        (content, at, text)
        for content in contents_of(body)
        for at, part in enumerate(parts_of(content))
        if isinstance(text := part.get("text"), str)
    ]
    return max(found, key=lambda one: len(one[2]), default=None)
