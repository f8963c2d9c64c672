"""Which aiogram method class belongs to a name, and which of our handlers answers it."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import aiogram.methods
from aiogram.methods.base import TelegramMethod

from manager_bot.demo.telegram.bots import Bot
from manager_bot.demo.telegram.files import Upload
from manager_bot.demo.telegram.requests import Method
from manager_bot.demo.telegram.state import Telegram

M = TypeVar("M", bound=TelegramMethod[Any])
Handler = Callable[["Call", Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, and with which files."""

    telegram: Telegram
    bot: Bot
    files: dict[str, Upload]


_handlers: dict[type[Method], Handler] = {}


def answers(
    kind: type[M],
) -> Callable[[Callable[[Call, M], Awaitable[object]]], Callable[[Call, M], Awaitable[object]]]:
    """Register the handler of one method."""

    def register(handler: Callable[[Call, M], Awaitable[object]]) -> Callable[[Call, M], Awaitable[object]]:
        _handlers[kind] = handler
        return handler

    return register


@functools.cache
def _by_name() -> dict[str, type[Method]]:
    found: dict[str, type[Method]] = {}
    for name in aiogram.methods.__all__:
        kind = getattr(aiogram.methods, name)
        if isinstance(kind, type) and issubclass(kind, TelegramMethod) and kind is not TelegramMethod:
            found[kind.__api_method__.lower()] = kind
    return found


def find_method(name: str) -> tuple[type[Method] | None, Handler | None]:
    """The class (None: Telegram has no such method) and the handler (None: we do not emulate it)."""
    kind = _by_name().get(name.lower())
    return kind, _handlers.get(kind) if kind else None
