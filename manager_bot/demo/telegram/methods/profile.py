"""A bot's commands, texts and menu button."""

from __future__ import annotations

import json
import re

from aiogram.methods import (
    DeleteMyCommands,
    GetChatMenuButton,
    GetMyCommands,
    GetMyDescription,
    GetMyName,
    GetMyShortDescription,
    SetChatMenuButton,
    SetMyCommands,
    SetMyDescription,
    SetMyName,
    SetMyShortDescription,
)
from aiogram.types import BotCommandScopeUnion, MenuButtonDefault

from manager_bot.demo.telegram.errors import bad_request
from manager_bot.demo.telegram.methods.registry import Call, answers

_COMMAND = re.compile(r"[a-z0-9_]{1,32}", re.ASCII)
_LIMITS = {"name": 64, "description": 512, "short_description": 120}


def _scope(call: Call, scope: BotCommandScopeUnion | None, language_code: str | None) -> tuple[str, str]:
    dumped = scope.model_dump(mode="json", exclude_none=True) if scope else {"type": "default"}
    if "chat_id" in dumped:
        call.telegram.chats.known(call.bot, dumped["chat_id"])
    return json.dumps(dumped, sort_keys=True), language_code or ""


@answers(SetMyCommands)
async def set_my_commands(call: Call, method: SetMyCommands) -> object:
    if len(method.commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in method.commands:
        if not _COMMAND.fullmatch(command.command.removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command.description) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    call.bot.commands[_scope(call, method.scope, method.language_code)] = [
        {"command": c.command.removeprefix("/"), "description": c.description} for c in method.commands
    ]
    call.telegram.events.publish("commands", bot=call.bot.as_json())
    return True


@answers(GetMyCommands)
async def get_my_commands(call: Call, method: GetMyCommands) -> object:
    return call.bot.commands.get(_scope(call, method.scope, method.language_code), [])


@answers(DeleteMyCommands)
async def delete_my_commands(call: Call, method: DeleteMyCommands) -> object:
    call.bot.commands.pop(_scope(call, method.scope, method.language_code), None)
    return True


def _set(call: Call, field: str, value: str | None, language_code: str | None) -> bool:
    if len(value or "") > _LIMITS[field]:
        raise bad_request(f"{field.replace('_', ' ')} is too long")
    if field == "name" and not language_code and value:
        call.bot.name = value
    call.bot.profile[field, language_code or ""] = value or ""
    return True


def _get(call: Call, field: str, language_code: str | None) -> dict[str, str]:
    fallback = call.bot.name if field == "name" else ""
    general = call.bot.profile.get((field, "")) or fallback
    return {field: call.bot.profile.get((field, language_code or "")) or general}


@answers(SetMyName)
async def set_my_name(call: Call, method: SetMyName) -> object:
    return _set(call, "name", method.name, method.language_code)


@answers(GetMyName)
async def get_my_name(call: Call, method: GetMyName) -> object:
    return _get(call, "name", method.language_code)


@answers(SetMyDescription)
async def set_my_description(call: Call, method: SetMyDescription) -> object:
    return _set(call, "description", method.description, method.language_code)


@answers(GetMyDescription)
async def get_my_description(call: Call, method: GetMyDescription) -> object:
    return _get(call, "description", method.language_code)


@answers(SetMyShortDescription)
async def set_my_short_description(call: Call, method: SetMyShortDescription) -> object:
    return _set(call, "short_description", method.short_description, method.language_code)


@answers(GetMyShortDescription)
async def get_my_short_description(call: Call, method: GetMyShortDescription) -> object:
    return _get(call, "short_description", method.language_code)


@answers(SetChatMenuButton)
async def set_chat_menu_button(call: Call, method: SetChatMenuButton) -> object:
    button = method.menu_button or MenuButtonDefault()
    call.bot.menu_buttons[method.chat_id or 0] = button.model_dump(mode="json", exclude_none=True)
    return True


@answers(GetChatMenuButton)
async def get_chat_menu_button(call: Call, method: GetChatMenuButton) -> object:
    general = call.bot.menu_buttons.get(0, {"type": "commands"})
    return call.bot.menu_buttons.get(method.chat_id or 0, general)
