"""Files in both directions."""

from __future__ import annotations

import aiohttp
from bot_api import PIXEL, BotApi, Party


async def upload(party: Party, method: str, fields: dict[str, str], name: str, data: bytes) -> tuple[int, dict]:  # type: ignore[type-arg]
    form = aiohttp.FormData(fields, default_to_multipart=True)
    form.add_field(name, data, filename="chart.png", content_type="image/png")
    async with party.world.session.post(party.bot.url(method), data=form) as answer:
        return answer.status, await answer.json()


async def test_a_person_sends_a_file_and_the_bot_fetches_it(party: Party) -> None:
    await party.ann.send_file("clawbot", "notes.txt", b"hello", text="read this", mime="text/plain")
    message = (await party.bot.ok("getUpdates"))[-1]["message"]
    assert message["caption"] == "read this"
    assert message["document"]["file_name"] == "notes.txt"
    file_id = message["document"]["file_id"]
    path = (await party.bot.ok("getFile", file_id=file_id))["file_path"]
    root = f"{party.world.telegram_root}/file"
    async with party.world.session.get(f"{root}/bot{party.bot.token}/{path}") as answer:
        assert (answer.status, await answer.read()) == (200, b"hello")
    other = BotApi(party.world, (await party.world.bot("other_bot", owner=party.ann)).token)
    async with party.world.session.get(f"{root}/bot{other.token}/{path}") as answer:
        assert answer.status == 404
    async with party.world.session.get(f"{root}/bot{'7100000001:AA' + 'x' * 33}/{path}") as answer:
        assert answer.status == 401
    async with party.world.session.get(f"{root}/bot{party.bot.token}/documents/file_1.txt") as answer:
        assert answer.status == 404
    assert await other.refused("getFile", file_id=file_id) == (
        400,
        "Bad Request: wrong file_id or the file is temporarily unavailable",
    )


async def test_a_path_cannot_be_fetched_before_get_file_named_it(party: Party) -> None:
    await party.ann.send_file("clawbot", "a.png", PIXEL, kind="photo", mime="image/png")
    photo = (await party.bot.ok("getUpdates"))[-1]["message"]["photo"][0]
    assert (photo["width"], photo["height"]) == (1, 1)
    first = (await party.bot.ok("getFile", file_id=photo["file_id"]))["file_path"]
    assert len(first.partition("/")[2]) > 20


async def test_a_bot_uploads_a_picture_in_both_ways_and_sends_it_again(party: Party) -> None:
    to = str(party.ann.id)
    status, body = await upload(
        party, "sendPhoto", {"chat_id": to, "photo": "attach://p", "caption": "today"}, "p", PIXEL
    )
    assert status == 200, body
    status, _ = await upload(party, "sendPhoto", {"chat_id": to}, "photo", PIXEL)
    assert status == 200
    file_id = body["result"]["photo"][0]["file_id"]
    again = await party.bot.ok("sendPhoto", chat_id=party.ann.id, photo=file_id)
    assert again["photo"][0]["file_id"] == file_id
    seen = await party.ann.wait_for("clawbot", "today")
    assert await party.ann.download(seen) == PIXEL
    assert await party.bot.refused("sendDocument", chat_id=party.ann.id, document=file_id) == (
        400,
        "Bad Request: can't use file of type Photo as Document",
    )


async def test_what_is_no_picture_is_no_photo(party: Party) -> None:
    status, body = await upload(party, "sendPhoto", {"chat_id": str(party.ann.id)}, "photo", b"no picture")
    assert (status, body["description"]) == (400, "Bad Request: IMAGE_PROCESS_FAILED")
    status, body = await upload(party, "sendDocument", {"chat_id": str(party.ann.id)}, "document", b"")
    assert (status, body["description"]) == (400, "Bad Request: file must be non-empty")
    assert await party.bot.refused("sendPhoto", chat_id=party.ann.id, photo="attach://nowhere") == (
        400,
        "Bad Request: there is no photo in the request",
    )


async def test_an_album_and_new_media_in_an_old_message(party: Party) -> None:
    media = '[{"type":"photo","media":"attach://p","caption":"one"},{"type":"photo","media":"attach://p"}]'
    status, body = await upload(party, "sendMediaGroup", {"chat_id": str(party.ann.id), "media": media}, "p", PIXEL)
    assert status == 200, body
    first, second = body["result"]
    assert first["media_group_id"] == second["media_group_id"]
    one = {"chat_id": str(party.ann.id), "message_id": str(first["message_id"])}
    new = '{"type":"document","media":"attach://d","caption":"two"}'
    status, body = await upload(party, "editMessageMedia", {**one, "media": new}, "d", b"csv")
    assert status == 200, body
    assert body["result"]["caption"] == "two"
    assert "document" in body["result"]
    assert await party.bot.refused("editMessageText", **one, text="x") == (
        400,
        "Bad Request: there is no text in the message to edit",
    )
