"""The models behind the three tiers: does each id exist for this key?"""

from __future__ import annotations

import asyncio

import aiohttp

from manager_bot.config import PREFIX, Settings
from manager_bot.doctor.check import Check, fail, ok
from manager_bot.tiers import Tier

_REFUSED = (400, 401, 403)


async def check_gemini(session: aiohttp.ClientSession, settings: Settings) -> list[Check]:
    """One finding for each tier, or a single one when the key or the address is wrong."""
    statuses = await asyncio.gather(*(_status(session, settings, tier) for tier in Tier))
    if all(isinstance(status, str) for status in statuses):
        return [
            fail(
                "gemini",
                f"{settings.gemini_api_root} does not answer ({statuses[0]})",
                "check the network, DNS, and CLAWBOT_GEMINI_API_ROOT",
            )
        ]
    if all(status in _REFUSED for status in statuses):
        return [fail("gemini", f"Gemini refuses CLAWBOT_GEMINI_API_KEY ({statuses[0]})", "make a key in AI Studio")]
    return [_of_tier(settings, tier, status) for tier, status in zip(Tier, statuses, strict=True)]


def _of_tier(settings: Settings, tier: Tier, status: int | str) -> Check:
    model, name = settings.model_of(tier), f"gemini {tier}"
    if status == 200:
        return ok(name, f"{model} exists")
    setting = f"{PREFIX}MODEL_{tier.upper()}"
    if status == 404:
        return fail(name, f"there is no model {model}", f"set {setting} to one that Gemini lists")
    return fail(name, f"Gemini answers {status} for {model}", f"try again later, or set {setting}")


async def _status(session: aiohttp.ClientSession, settings: Settings, tier: Tier) -> int | str:
    """The HTTP status, or why there is none."""
    headers = {"x-goog-api-key": settings.gemini_api_key.get_secret_value()}
    address = f"{settings.gemini_api_root}/v1beta/models/{settings.model_of(tier)}"
    try:
        async with session.get(address, headers=headers) as answer:
            return answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__
