"""Facts about a chat."""

from __future__ import annotations

from aiogram.methods import GetChat, GetUserProfilePhotos

from manager_bot.demo.telegram.errors import bad_request
from manager_bot.demo.telegram.methods.registry import Call, answers

_GIFTS = {
    "unlimited_gifts": True,
    "limited_gifts": True,
    "unique_gifts": True,
    "premium_subscription": True,
    "gifts_from_channels": True,
}


@answers(GetChat)
async def get_chat(call: Call, method: GetChat) -> object:
    chat = call.telegram.chats.known(call.bot, method.chat_id)
    if not chat.started:
        raise bad_request("chat not found")
    return chat.person.as_chat() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _GIFTS}


@answers(GetUserProfilePhotos)
async def get_user_profile_photos(call: Call, method: GetUserProfilePhotos) -> object:
    """Nobody here has a picture."""
    if method.user_id not in call.telegram.people.by_id:
        raise bad_request("user not found")
    return {"total_count": 0, "photos": []}
