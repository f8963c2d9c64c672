"""The manager bot, asked over plain HTTP: aiogram takes seconds to import."""

from __future__ import annotations

import time
from typing import Any

import aiohttp

from manager_bot.config import Settings
from manager_bot.doctor.check import Check, fail, ok, warn

_NAME = "telegram"


async def check_telegram(session: aiohttp.ClientSession, settings: Settings) -> list[Check]:
    """Who the token is, whether it may manage bots, and whether anything keeps it from polling."""
    started = time.monotonic()
    try:
        status, me = await _ask(session, settings, "getMe")
        if status in (401, 404):
            return [fail(_NAME, "Telegram does not know CLAWBOT_BOT_TOKEN", "copy it again from @BotFather, /mybots")]
        if not me:
            return [_unreachable(settings, f"status {status}")]
        milliseconds = round((time.monotonic() - started) * 1000)
        _, webhook = await _ask(session, settings, "getWebhookInfo")
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return [_unreachable(settings, type(error).__name__)]
    name = f"@{me.get('username')}"
    return [ok(_NAME, f"{name} answers in {milliseconds} ms"), _managing(name, me), _polling(name, webhook)]


def _managing(name: str, me: dict[str, Any]) -> Check:
    if me.get("can_manage_bots"):
        return ok("managed bots", f"{name} can make a subscriber's bot with one tap")
    return warn(
        "managed bots",
        f"{name} may not manage bots: subscribers paste a token instead of one tap",
        "@BotFather, /mybots, Bot Settings: turn Bot Management Mode on",
    )


def _polling(name: str, webhook: dict[str, Any]) -> Check:
    if webhook.get("url"):
        return fail(
            "webhook",
            f"{name} delivers its updates to a webhook; the manager would hear nothing",
            "remove it (Telegram's deleteWebhook), or use a bot of ClawBot's own",
        )
    return ok("webhook", f"{name} has none: the manager polls")


def _unreachable(settings: Settings, reason: str) -> Check:
    return fail(
        _NAME,
        f"{settings.telegram_api_root} does not answer as Telegram does ({reason})",
        "check the network, DNS, and CLAWBOT_TELEGRAM_API_ROOT",
    )


async def _ask(session: aiohttp.ClientSession, settings: Settings, method: str) -> tuple[int, dict[str, Any]]:
    """Status and result; an error's text is never shown, the address holds the token."""
    token = settings.bot_token.get_secret_value()
    async with session.get(f"{settings.telegram_api_root}/bot{token}/{method}") as answer:
        body = await answer.json(content_type=None)
    result = body.get("result") if isinstance(body, dict) else None
    return answer.status, result if isinstance(result, dict) else {}
