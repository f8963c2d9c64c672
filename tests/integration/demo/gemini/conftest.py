"""The emulated Gemini on a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from gemini_api import Api

from manager_bot.demo.gemini import GeminiControl, GeminiState
from manager_bot.demo.gemini.__main__ import build_alone


@pytest.fixture(params=[True, False], ids=["cancelled handlers", "handlers run on"])
async def api(request: pytest.FixtureRequest) -> AsyncIterator[Api]:
    """Served both ways an application may be mounted: seeing a caller leave must not depend on it."""
    state = GeminiState(pace=0)
    runner = web.AppRunner(build_alone(state), handler_cancellation=request.param)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    root = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as session:
        yield Api(session, root, state, GeminiControl(session, root))
    await runner.cleanup()
