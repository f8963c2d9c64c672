"""Answers to button presses."""

from __future__ import annotations

from aiogram.methods import AnswerCallbackQuery

from manager_bot.demo.telegram.errors import bad_request
from manager_bot.demo.telegram.methods.registry import Call, answers
from manager_bot.demo.telegram.presses import Answer

NOTICE_LIMIT = 200


@answers(AnswerCallbackQuery)
async def answer_callback_query(call: Call, method: AnswerCallbackQuery) -> object:
    if len(method.text or "") > NOTICE_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = Answer(method.text or None, bool(method.show_alert), method.url)
    press = call.telegram.presses.answer(call.bot.id, method.callback_query_id, answer)
    call.telegram.events.publish("callback_answer", message=press.message.as_seen(), answer=answer.as_json())
    return True
