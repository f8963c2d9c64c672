"""The stage of the page's tests: people, a bot with a small program, and a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, Page

SHOTS = Path(__file__).parents[3] / "var" / "page"
DESKTOP, PHONE = (1280, 800), (390, 844)
CARD = (
    "<b>Your assistant</b>\n\nState: <b>running</b> ✅\nPlan: Starter · 512 MB\n"
    "Today: <code>12 480</code> of 10M tokens\n\n"
    "<i>Ask it anything at</i> @ann_helper_bot or see <a href='https://example.org/help'>help</a>.\n"
    "<blockquote>Tip: /usage shows the week.</blockquote>"
)
CODE = (
    'Вот так — 这样写:\n<pre><code class="language-python">def unique(items):\n'
    "    return list(dict.fromkeys(items))</code></pre>"
)


@dataclass
class SmallBot:
    """Polls, answers and remembers what it was sent."""

    session: aiohttp.ClientSession
    api: str
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def call(self, method: str, **parameters: Any) -> Any:
        async with self.session.post(f"{self.api}/{method}", json=parameters) as answer:
            body = await answer.json()
        assert body["ok"], body
        return body["result"]

    async def run(self) -> None:
        offset = 0
        while True:
            for update in await self.call("getUpdates", offset=offset, timeout=20):
                offset = update["update_id"] + 1
                self.heard.append(update)
                await self.answer(update)

    async def answer(self, update: dict[str, Any]) -> None:
        if "callback_query" in update:
            await self.pressed(update["callback_query"])
        elif (message := update.get("message")) and not message["from"]["is_bot"]:
            await self.written(message)

    async def written(self, message: dict[str, Any]) -> None:
        chat, text = message["chat"]["id"], message.get("text", "")
        if text.startswith("/start"):
            rows = [
                [{"text": "🔄 Restart", "callback_data": "restart"}, {"text": "⏸ Stop", "callback_data": "alert"}],
                [{"text": "📊 Usage", "callback_data": "edit"}],
                [{"text": "Link GitHub", "url": "https://github.com/login"}],
            ]
            await self.call(
                "sendMessage", chat_id=chat, text=CARD, parse_mode="HTML", reply_markup={"inline_keyboard": rows}
            )
        elif text == "/newagent":
            wish = {"request_id": 1, "suggested_name": "Ann Helper", "suggested_username": "ann_helper_bot"}
            rows = [[{"text": "Create my bot", "request_managed_bot": wish}], [{"text": "Cancel"}]]
            keyboard = {"keyboard": rows, "one_time_keyboard": True, "resize_keyboard": True}
            await self.call("sendMessage", chat_id=chat, text="One tap and it is yours.", reply_markup=keyboard)
        elif text == "secret":
            await self.call("deleteMessage", chat_id=chat, message_id=message["message_id"])
        elif text == "think":
            await self.call("sendChatAction", chat_id=chat, action="typing")
        elif text == "hostile":
            await self.call(
                "sendMessage", chat_id=chat, text="<img src=x onerror=alert(1)><script>window.owned=1</script>"
            )
        elif text == "code":
            await self.call("sendMessage", chat_id=chat, text=CODE, parse_mode="HTML")
        elif "photo" in message or "document" in message:
            await self.call("setMessageReaction", chat_id=chat, message_id=message["message_id"],
                            reaction=[{"type": "emoji", "emoji": "👍"}])  # fmt: skip

    async def pressed(self, query: dict[str, Any]) -> None:
        message, data = query["message"], query["data"]
        place = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
        if data == "restart":
            await self.call("answerCallbackQuery", callback_query_id=query["id"], text="Restarting…")
        elif data == "alert":
            await self.call(
                "answerCallbackQuery", callback_query_id=query["id"], text="Really stop it?", show_alert=True
            )
        elif data == "edit":
            await self.call("answerCallbackQuery", callback_query_id=query["id"])
            rows = [[{"text": "‹ Back", "callback_data": "restart"}]]
            await self.call(
                "editMessageText", **place, text="Usage today: 12 480 tokens", reply_markup={"inline_keyboard": rows}
            )


@asynccontextmanager
async def small_bot(root: str) -> AsyncIterator[SmallBot]:
    """The cast of the world and the manager bot's program."""
    async with aiohttp.ClientSession() as session:

        async def post(path: str, **body: Any) -> Any:
            async with session.post(root + path, json=body) as answer:
                assert answer.status == 200, await answer.text()
                return await answer.json()

        for name in ("Ann", "Bob", "Ada"):
            await post("/world/people", name=name, username=name.lower(), language_code="en")
        made = await post("/world/bots", username="clawbot_demo_bot", name="ClawBot", owner="ada", can_manage_bots=True)
        bot = SmallBot(session, f"{root}/telegram/bot{made['token']}")
        commands = [
            {"command": "start", "description": "Begin"},
            {"command": "usage", "description": "Tokens of the week"},
        ]
        await bot.call("setMyCommands", commands=commands)
        task = asyncio.create_task(bot.run())
        try:
            yield bot
            assert not task.done(), task.exception()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, aiohttp.ClientError):
                await task


@dataclass
class Stage:
    """Where a test plays."""

    browser: Browser
    root: str
    bot: SmallBot
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    async def page(self, size: tuple[int, int] = DESKTOP, *, dark: bool = False, who: str = "Ann") -> Page:
        """The page as a person opens it; what the browser complains of is kept."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=size == PHONE,
            is_mobile=size == PHONE,
            device_scale_factor=2 if size == PHONE else 1,
            reduced_motion="reduce",
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((self.root, "data:", "blob:")) else self.foreign.append(request.url)
            ),
        )
        await page.goto(self.root)
        await page.locator(".person", has_text=who).click()
        return page

    async def close(self) -> None:
        """Close what was opened, so that the world can stop at once."""
        for context in self.browser.contexts:
            await context.close()

    async def manager(self, size: tuple[int, int] = DESKTOP, *, dark: bool = False, who: str = "Ann") -> Page:
        """The manager bot's chat, started, with its card shown."""
        page = await self.page(size, dark=dark, who=who)
        await page.locator(".chat-row", has_text="ClawBot").click()
        await page.get_by_role("button", name="Start", exact=True).click()
        await page.get_by_text("Your assistant").first.wait_for()
        return page


async def say(page: Page, text: str) -> None:
    """Type and send as with a keyboard."""
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.keyboard.press("Enter")
