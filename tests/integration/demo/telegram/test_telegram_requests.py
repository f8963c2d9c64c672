"""The four forms of a request, and what is refused before a method is reached."""

from __future__ import annotations

import json

import aiohttp
import pytest
from bot_api import BotApi, Party

REAL_SHAPE = "7100000001:AA" + "x" * 33


@pytest.mark.parametrize(
    ("token", "refusal"),
    [
        (REAL_SHAPE, (401, "Unauthorized")),
        ("7199999999:AA" + "x" * 33, (401, "Unauthorized")),
        ("nonsense", (404, "Not Found")),
        ("7100000001:short", (404, "Not Found")),
        ("7100000001:AA" + "x" * 32 + "é", (404, "Not Found")),
    ],
)
async def test_a_wrong_token_opens_nothing(party: Party, token: str, refusal: tuple[int, str]) -> None:
    assert await BotApi(party.world, token).refused("getMe") == refusal


async def test_a_method_that_does_not_exist_is_not_found(party: Party) -> None:
    assert await party.bot.refused("sendMesage", chat_id=1, text="x") == (404, "Not Found")


async def test_method_names_ignore_case(party: Party) -> None:
    assert (await party.bot.ok("getme"))["username"] == "clawbot"


async def test_what_is_not_emulated_never_pretends_to_work(party: Party) -> None:
    status, description = await party.bot.refused(
        "createInvoiceLink", title="t", description="d", payload="p", currency="XTR", prices=[]
    )
    assert (status, description) == (501, "Not Implemented: method createInvoiceLink is not emulated")


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"txet": "x"}, "txet"),
        ({"reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b", "colour": "red"}]]}}, "colour"),
        ({"reply_parameters": {"message_id": 1, "allow": True}}, "allow"),
        ({"link_preview_options": {"is_disable": True}}, "is_disable"),
    ],
)
async def test_an_unknown_parameter_is_refused_at_any_depth(
    party: Party, parameters: dict[str, object], name: str
) -> None:
    status, description = await party.bot.refused("sendMessage", chat_id=party.ann.id, text="hi", **parameters)
    assert status == 400
    assert description.startswith("Bad Request: unknown parameter ")
    assert name in description


async def test_query_form_multipart_and_json_are_one(party: Party) -> None:
    markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    values = {"chat_id": str(party.ann.id), "text": "hi", "reply_markup": json.dumps(markup)}
    session, url = party.world.session, party.bot.url("sendMessage")
    multipart = aiohttp.FormData(values, default_to_multipart=True)
    requests = [
        session.get(url, params=values),
        session.post(url, data=values),
        session.post(url, data=multipart),
        session.post(url, json=values),
        session.post(url, json={"chat_id": party.ann.id, "text": "hi", "reply_markup": markup}),
    ]
    for request in requests:
        async with request as answer:
            body = await answer.json()
        assert body["ok"], body
        assert body["result"]["reply_markup"] == markup
        assert body["result"]["text"] == "hi"


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        ({"text": "hi"}, "Bad Request: chat_id is empty"),
        ({"chat_id": 700000001}, "Bad Request: message text is empty"),
        (
            {"chat_id": 700000001, "text": "x", "reply_markup": "{"},
            "Bad Request: can't parse reply keyboard markup JSON",
        ),
        (
            {"chat_id": 700000001, "text": "x", "reply_markup": {"keyboard": 5}},
            "Bad Request: can't parse reply keyboard",
        ),
        ({"chat_id": 700000001, "text": "x", "parse_mode": "HTM"}, "Bad Request: unsupported parse_mode"),
    ],
)
async def test_what_is_missing_or_broken_is_named(
    party: Party, parameters: dict[str, object], description: str
) -> None:
    status, said = await party.bot.refused("sendMessage", **parameters)
    assert status == 400
    assert said.startswith(description)


async def test_a_body_that_is_no_json_is_refused(party: Party) -> None:
    headers = {"Content-Type": "application/json"}
    async with party.world.session.post(party.bot.url("getMe"), data="{", headers=headers) as answer:
        assert (answer.status, (await answer.json())["description"]) == (400, "Bad Request: can't parse JSON object")


async def test_a_path_that_is_no_call_is_not_found(party: Party) -> None:
    for path in ("/", "/bot", f"/bot{party.bot.token}", f"/bot{party.bot.token}/test/getMe", "/other"):
        async with party.world.session.get(party.world.telegram_root + path) as answer:
            assert answer.status == 404
            assert (await answer.json())["description"] == "Not Found"


async def test_every_call_is_in_the_transcript_and_no_token_is(party: Party) -> None:
    await party.bot.ok("sendMessage", chat_id=party.ann.id, text=f"your token is {party.view.token}")
    await BotApi(party.world, REAL_SHAPE).refused("getMe")
    await party.bot.refused("getManagedBotToken", user_id=1)
    raw = json.dumps(await party.world.ask("GET", "/transcript"))
    assert party.view.token.partition(":")[2] not in raw
    assert "7100000001:<redacted>" in raw
    calls = await party.world.transcript(bot="clawbot", method="sendMessage")
    assert [call.status for call in calls] == [200]
    assert [call.status for call in await party.world.transcript(method="getMe", ok=False)] == [401]
