"""The Bot API's methods, by family; importing this package fills the registry."""

from manager_bot.demo.telegram.methods import (
    callbacks,
    chat_info,
    deleting,
    editing,
    fetching,
    lifecycle,
    managed,
    media,
    profile,
    sending,
)
from manager_bot.demo.telegram.methods.registry import Call, find_method

__all__ = [
    "Call",
    "callbacks",
    "chat_info",
    "deleting",
    "editing",
    "fetching",
    "find_method",
    "lifecycle",
    "managed",
    "media",
    "profile",
    "sending",
]
