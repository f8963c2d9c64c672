"""What an agent may ask of Telegram, and for whom: pure functions of plain data.

The Bot API server reads method names in any case and parameters from several places; here a method is known by
its lower-case name and becomes its canonical one, and every parameter that names a chat or a person is checked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

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
GUARDED: Final = PEOPLE | REFUSED | {"reply_parameters", "media"}
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
    if name == "reply_parameters":
        inner = _decoded(value)
        if isinstance(inner, dict) and "chat_id" in inner:
            check_param("chat_id", inner["chat_id"], people)
    if (
        _LOCAL_FILE
        in (value if isinstance(value, str) else str(value) if isinstance(value, list | dict) else "").lower()
    ):
        raise Refused(400, "Bad Request: wrong file identifier/HTTP URL specified")


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
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        raise Refused(400, "Bad Request: can't parse reply parameters JSON object") from None
