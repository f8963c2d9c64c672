"""``/metrics`` over real HTTP: what it counts, what it must not say, and who may not ask."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest
from gateway_house import House, Subscriber, said
from prometheus_client.parser import text_string_to_metric_families

from manager_bot.gateway.app import Gateway
from manager_bot.gateway.gemini.fallback import NEXT
from manager_bot.gateway.parts import gateway_parts, open_session
from models import Tier

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def scraped(house: House) -> tuple[Series, str]:
    """Every series by its name and labels, and the page as it was sent."""
    reply = await house.fetch("GET", f"{house.root}/metrics")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/plain")
    page = reply.body.decode()
    found = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    return found, page


def value(series: Series, name: str, **labels: str) -> float:
    return series.get((f"clawbot_gateway_{name}", tuple(sorted(labels.items()))), 0.0)


async def test_requests_tokens_tiers_and_durations_are_counted_as_gemini_counted(house: House, ann: Subscriber) -> None:
    assert (await ann.generate(said("What is the capital of France?"))).status == 200
    assert (await ann.generate(said("And of Spain?"), "streamGenerateContent?alt=sse")).status == 200
    assert (await house.gemini("models/clawbot:generateContent", said("hello"), key="x" * 32)).status == 401
    await ann.ok("getMe")
    booked = (await ann.usage()).today
    series, _ = await scraped(house)

    assert value(series, "requests_total", door="gemini", verb="generateContent", code="200") == 1
    assert value(series, "requests_total", door="gemini", verb="streamGenerateContent", code="200") == 1
    assert value(series, "requests_total", door="gemini", verb="generateContent", code="401") == 1
    assert value(series, "requests_total", door="telegram", verb="method", code="200") == 1
    assert value(series, "calls_total", tier="lite", source="chat") == 2
    assert value(series, "tokens_total", tier="lite", source="chat", kind="total") == booked.tokens > 0
    assert value(series, "request_seconds_count", verb="streamGenerateContent") == 1
    assert value(series, "request_seconds_bucket", verb="streamGenerateContent", le="+Inf") == 1
    assert value(series, "open_requests") == 1, "the one that asks"
    assert ("process_cpu_seconds_total", ()) in series


async def test_refused_budgets_and_geminis_errors_are_counted(house: House, ann: Subscriber) -> None:
    await house.control.fault("status", status=503, left=None)
    assert (await ann.generate(said("hello"))).status == 503
    await house.control.clear()
    assert (await ann.generate(said("hello"))).status == 200
    await house.budgets.grant(ann.user_id, -1_000_000)
    assert (await ann.generate(said("hello"))).status == 429
    series, _ = await scraped(house)
    assert value(series, "upstream_errors_total", kind="503") == len([Tier.LITE, *NEXT[Tier.LITE]]), "each was asked"
    assert value(series, "budget_refusals_total", reason="used_up") == 1


async def test_nothing_in_it_names_a_person_or_holds_a_secret_and_strangers_make_no_series(
    house: House, ann: Subscriber
) -> None:
    await ann.generate(said("My secret is kumquat."))
    for number in range(20):
        await house.gemini(f"models/made-up-{number}:verb{number}", said("hello"), key=ann.key)
        await house.fetch("GET", f"{house.root}/telegram/bot{ann.bot.id}:{ann.key}/madeUp{number}")
        await house.fetch("GET", f"{house.root}/elsewhere-{number}")
    await scraped(house)  # which is counted itself
    before, page = await scraped(house)
    names = (ann.key, str(ann.bot.id), str(ann.person.id), ann.bot.username, "Ann", "kumquat", "made-up", "madeUp")
    assert not [name for name in names if name in page]
    for number in range(20, 60):
        await house.gemini(f"models/made-up-{number}:verb{number}", said("hello"), key=ann.key)
    after, _ = await scraped(house)
    assert len(after) == len(before)


async def test_over_any_other_address_of_this_host_there_is_no_such_page(house: House) -> None:
    """As an agent comes: over the bridge's address, here another one of this host's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.fail("this host has no address but loopback: give it one")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = house.settings.model_copy(update={"gateway_host": address, "gateway_port": port})
    old = house.parts
    async with open_session() as session, aiohttp.ClientSession() as agent:
        parts = gateway_parts(settings, house.vault, old.clock, old.outbox, session, manager=old.manager)
        gateway = Gateway(parts, drain=1)
        await gateway.start()
        try:
            statuses = []
            for host in (address, "127.0.0.1"):
                headers = {"Host": "127.0.0.1", "X-Forwarded-For": "127.0.0.1"}
                async with agent.get(f"http://{host}:{port}/metrics", headers=headers) as answer:
                    statuses.append(answer.status)
            async with agent.get(f"http://{address}:{port}/healthz") as answer:
                assert answer.status == 200
        finally:
            await gateway.stop()
    assert statuses == [404, 200]


async def test_asking_often_and_at_once_disturbs_nobody(house: House, ann: Subscriber) -> None:
    async def ask() -> int:
        return (await house.fetch("GET", f"{house.root}/metrics")).status

    calls = (ann.generate(said(f"What is the capital of country {number}?")) for number in range(10))
    pages, replies = await asyncio.gather(asyncio.gather(*(ask() for _ in range(20))), asyncio.gather(*calls))
    assert set(pages) == {200}
    assert {reply.status for reply in replies} == {200}
