"""What one agent's open requests may keep in the gateway's memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from gateway_house import House, Reply, Subscriber, said

MEGABYTE = b" " * 1024 * 1024


async def test_one_agents_half_sent_requests_leave_room_for_others(
    house: House, ann: Subscriber, bob: Subscriber
) -> None:
    go_on = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield MEGABYTE
        await go_on.wait()
        yield b"odd"

    async def send() -> Reply:
        url = f"{house.root}/gemini/v1beta/models/clawbot:generateContent"
        return await house.fetch("POST", url, headers={"x-goog-api-key": ann.key}, data=body())

    calls = [asyncio.create_task(send()) for _ in range(4)]
    done, waiting = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    refused = done.pop().result()
    assert (refused.status, refused.body["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert (await bob.generate(said("hello"))).status == 200

    go_on.set()
    assert [reply.status for reply in await asyncio.gather(*waiting)] == [400, 400, 400]
    assert (await ann.generate(said("hello"))).status == 200


async def test_sixty_four_calls_of_half_a_megabyte_are_served_at_once(house: House, ann: Subscriber) -> None:
    url = f"{house.root}/gemini/v1beta/models/clawbot:countTokens"
    raw = b'{"contents": [{"parts": [{"text": "hello"}]}]}' + MEGABYTE[: 512 * 1024]

    async def count() -> int:
        return (await house.fetch("POST", url, headers={"x-goog-api-key": ann.key}, data=raw)).status

    assert set(await asyncio.gather(*(count() for _ in range(64)))) == {200}
