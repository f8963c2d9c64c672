"""A real aiogram Bot and Dispatcher live with the emulated Telegram, in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramRetryAfter
from aiogram.filters import CommandStart
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    KeyboardButtonRequestManagedBot,
    ManagedBotUpdated,
    Message,
    ReplyKeyboardMarkup,
)
from bot_api import PIXEL

from manager_bot.demo.client import WorldClient
from manager_bot.demo.process import world_process

CARD = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Stop", callback_data="stop")]])
CREATE = ReplyKeyboardMarkup(
    keyboard=[
        [
            KeyboardButton(
                text="Create", request_managed_bot=KeyboardButtonRequestManagedBot(request_id=1, suggested_name="A")
            )
        ]
    ]
)


@pytest.fixture
async def world() -> AsyncIterator[WorldClient]:
    async with world_process() as root, WorldClient(root) as client:
        yield client


def dispatcher() -> Dispatcher:
    dp = Dispatcher()

    @dp.message(CommandStart())
    async def start(message: Message) -> None:
        await message.answer("<b>Welcome</b>", parse_mode="HTML", reply_markup=CARD)

    @dp.callback_query(F.data == "stop")
    async def stop(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.message.edit_text("stopped")
        await query.answer("Done")

    @dp.message(F.text == "picture")
    async def picture(message: Message) -> None:
        await message.answer_photo(BufferedInputFile(PIXEL, "p.png"), caption="drawn")

    @dp.message(F.text == "bot")
    async def offer(message: Message) -> None:
        await message.answer("tap", reply_markup=CREATE)

    @dp.managed_bot()
    async def managed(update: ManagedBotUpdated, bot: Bot) -> None:
        token = await bot.get_managed_bot_token(user_id=update.bot_user.id)
        await bot.send_message(update.user.id, f"you own {token.partition(':')[0]}")

    @dp.message(F.text)
    async def echo(message: Message) -> None:
        await message.reply(message.text or "")

    return dp


async def test_a_conversation_through_aiogram(world: WorldClient) -> None:
    ann = await world.person("Ann", username="ann", language_code="en")
    view = await world.bot("clawbot", owner=ann, can_manage_bots=True)
    session = AiohttpSession(api=TelegramAPIServer.from_base(world.telegram_root))
    async with Bot(view.token, session=session) as bot:
        me = await bot.get_me()
        assert me.can_manage_bots
        await bot.set_my_commands([BotCommand(command="start", description="Begin")])
        dp = dispatcher()
        polling = asyncio.create_task(dp.start_polling(bot, handle_signals=False, close_bot_session=False))
        await ann.send(view, "/start")
        card = await ann.wait_for(view, "Welcome", button="Stop")
        assert card.entities[0]["type"] == "bold"
        assert (await ann.press(view, "Stop")).text == "Done"
        assert (await ann.wait_for(view, "stopped")).id == card.id
        await ann.send(view, "picture")
        assert await ann.download(await ann.wait_for(view, "drawn")) == PIXEL
        await ann.send(view, "bot")
        await ann.wait_for(view, "tap")
        made = await ann.press(view, "Create", username="anns_bot")
        assert made.kind == "managed_bot"
        await ann.wait_for(view, "you own 71")
        await dp.stop_polling()
        await polling
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await bot.send_message(1, "x")
        await world.limits(chat_burst=1, chat_per_second=1)
        await bot.send_message(ann.id, "x")
        with pytest.raises(TelegramRetryAfter):
            await bot.send_message(ann.id, "x")
    refused = [c for c in await world.transcript(ok=False) if c.status not in {400, 429, 499}]
    assert refused == []


async def test_two_worlds_know_nothing_of_each_other(world: WorldClient) -> None:
    async with world_process() as root, WorldClient(root) as second:
        await second.person("Bob")
        assert [p.name for p in await second.people()] == ["Bob"]
        assert await world.people() == []
