"""What an agent may ask of Telegram, and for whom: pure functions of plain data.

The Bot API server reads method names in any case and parameters from several places; here a method is known by
its lower-case name and becomes its canonical one, and every parameter that names a chat or a person is checked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from manager_bot.gateway.telegram.replies import Refused, unknown

_SENDING: Final = (
    "sendMessage", "sendMessageDraft", "sendRichMessage", "sendRichMessageDraft", "sendPhoto", "sendAudio",
    "sendDocument", "sendVideo", "sendAnimation", "sendVoice", "sendVideoNote", "sendMediaGroup", "sendLocation",
    "sendVenue", "sendContact", "sendPoll", "sendDice", "sendSticker", "sendChatAction", "setMessageReaction",
    "editMessageText", "editMessageCaption", "editMessageMedia", "editMessageReplyMarkup", "stopPoll",
    "deleteMessage", "deleteMessages", "forwardMessage", "forwardMessages", "copyMessage", "copyMessages",
    "pinChatMessage", "unpinChatMessage", "unpinAllChatMessages", "getChat",
)  # fmt: skip
_OTHERS: Final = (
    "getMe", "getUpdates", "getWebhookInfo", "deleteWebhook", "getFile", "getUserProfilePhotos", "answerCallbackQuery",
    "setMyCommands", "deleteMyCommands", "getMyCommands", "getStickerSet", "getCustomEmojiStickers",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Method:
    """One allowed method; ``needs_chat`` where it acts in a chat and must name it."""

    name: str
    needs_chat: bool


METHODS: Final[Mapping[str, Method]] = {
    name.lower(): Method(name, needs_chat)
    for names, needs_chat in ((_SENDING, True), (_OTHERS, False))
    for name in names
}
PEOPLE: Final = frozenset({"chat_id", "from_chat_id", "user_id"})
"""Parameters that must name the agent's own people."""
REFUSED: Final = frozenset(
    {
        "inline_message_id",
        "business_connection_id",
        "allow_paid_broadcast",
        "suggested_post_parameters",
        "sender_chat_id",
    }
)
"""Parameters that act in somebody else's name, beyond the agent's chats, or with Stars."""
_NAMING: Final = frozenset({"reply_parameters", "scope"})
"""Objects that may name a chat or a person inside."""
GUARDED: Final = PEOPLE | REFUSED | _NAMING | {"media"}
_PROSE: Final = frozenset(
    {
        "text", "caption", "question", "explanation", "description", "title", "address", "performer", "first_name",
        "last_name", "vcard", "html", "markdown", "quote", "command", "callback_data", "input_field_placeholder",
    }
)  # fmt: skip
"""Words for people, which may start or read like a path; everything else may be taken for a file."""
_LISTED_PROSE: Final = _PROSE | {"keyboard", "options"}
_LOCAL_FILE: Final = "file:/"


def method_of(name: str) -> Method:
    """The allowed method called *name*, in any case; raises :class:`Refused` (404)."""
    method = METHODS.get(name.lower()) if name.isascii() else None
    if method is None:
        raise unknown()
    return method


def check(method: Method, params: Mapping[str, object], people: Collection[int]) -> None:
    """Raise :class:`Refused` for a call that reaches beyond *people*, or that names no chat where it must."""
    for name, value in params.items():
        check_param(name, value, people)
    check_complete(method, params)


def check_complete(method: Method, names: Collection[str] | Mapping[str, object]) -> None:
    """Raise :class:`Refused` if a call that acts in a chat names none."""
    if method.needs_chat and "chat_id" not in names:
        raise Refused(400, "Bad Request: chat_id is empty")


def check_param(name: str, value: object, people: Collection[int]) -> None:
    """One parameter as it came, decoded or still text."""
    if name in PEOPLE and person_of(value) not in people:
        raise Refused(403, "Forbidden: an agent may only act in the chats of its owner and of those the owner added")
    if name in REFUSED:
        raise Refused(400, f"Bad Request: parameter {name} is not available to agents")
    decoded = value if name in _PROSE else _decoded(value)
    if name in _NAMING and isinstance(decoded, dict):
        for inner in PEOPLE & decoded.keys():
            check_param(inner, decoded[inner], people)
    if any(_is_local(text) for text in _file_texts(name, decoded)):
        raise Refused(400, "Bad Request: wrong file identifier/HTTP URL specified")


def _file_texts(name: str, value: object) -> Iterator[str]:
    """Every string of the tree that Telegram may take for a file; without recursion, for an agent chooses the depth."""
    rest = [(name, value)]
    while rest:
        key, found = rest.pop()
        if isinstance(found, dict):
            rest += found.items()
        elif isinstance(found, list):
            rest += ((key, item) for item in found)
        elif isinstance(found, str) and key not in _LISTED_PROSE:
            yield found


def _is_local(text: str) -> bool:
    """Whether a Bot API server in local mode could read *text* as a file of its own host."""
    lowered = text.strip().lower()
    return lowered.startswith(("/", "file:")) or _LOCAL_FILE in lowered


def person_of(value: object) -> int | None:
    """The id a parameter names; ``None`` for a name, a group, or anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return None


def _decoded(value: object) -> object:
    """An array or object sent as text, as the Bot API server will read it: its escapes resolved, no name twice."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Refused(400, "Bad Request: can't parse JSON encoded parameter") from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object; a name given twice could be read in two ways."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found
