"""What strangers may try at the door."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

import aiohttp
import pytest
from fixtures.settings import MakeSettings
from fixtures.web_house import TEXTS, WebHouse

from manager_bot.clock import SystemClock
from manager_bot.errors import OperatorError, SettingError
from manager_bot.services.status import StatusBoard
from web.app import WebParts
from web.server import Doorkeeper, Web


@pytest.mark.parametrize(
    "path", ["/favicon.ico", "/oauth", "/oauth/github", "/static/../.env", "/admin", "//", "/.git/config"]
)
async def test_everything_else_is_404(house: WebHouse, path: str) -> None:
    async with house.session.get(house.root + path) as answer:
        assert answer.status == 404
        assert await answer.text() == "404 Not Found\n"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("PUT", "/status.json"),
        ("DELETE", "/healthz"),
        ("POST", "/oauth/github/start"),
        ("HEAD", "/oauth/github/start"),
        ("HEAD", "/oauth/github/callback"),
        ("OPTIONS", "/"),
    ],
)
async def test_wrong_methods_are_405(house: WebHouse, method: str, path: str) -> None:
    async with house.session.request(method, house.root + path) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/", "/status.json", "/healthz", "/nothing", "/oauth/github/callback"])
async def test_every_answer_has_the_headers(house: WebHouse, path: str) -> None:
    async with house.session.get(house.root + path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Server"] == "ClawBot"
        assert "no-store" in answer.headers["Cache-Control"] or path in {"/", "/status.json"}
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//(?!t\.me/)", await answer.text())


async def test_large_bodies_and_lines_are_refused(house: WebHouse) -> None:
    url = f"{house.root}/oauth/github/callback"
    async with house.session.post(url, data={"consent": "x" * 20_000}) as answer:
        assert answer.status == 413
    async with house.session.get(url, params={"state": "x" * 9000, "code": "y"}) as answer:
        assert answer.status == 400
        assert "Traceback" not in await answer.text()


async def test_an_address_that_asks_too_often_waits(house: WebHouse) -> None:
    statuses = []
    for _ in range(70):
        async with house.session.get(f"{house.root}/healthz") as answer:
            statuses.append(answer.status)
            last = answer
    assert statuses[:60] == [200] * 60
    assert statuses[-1] == 429
    assert int(last.headers["Retry-After"]) >= 1
    async with house.session.get(f"{house.root}/healthz", headers={"X-Forwarded-For": "9.9.9.9"}) as answer:
        assert answer.status == 429, "nobody asked this proxy"


@asynccontextmanager
async def small_web(make_settings: MakeSettings, port: int, **more: object) -> AsyncIterator[tuple[Web, str]]:
    doorkeeper = more.pop("doorkeeper", Doorkeeper())
    settings = make_settings(web_port=port, **more)
    parts = WebParts(settings, TEXTS, StatusBoard(SystemClock()), lambda: "")
    web = Web(parts, doorkeeper)  # type: ignore[arg-type]
    await web.start()
    try:
        yield web, f"http://127.0.0.1:{port}"
    finally:
        await web.stop()


async def test_behind_a_proxy_every_client_has_a_rate_of_its_own(
    database: str, make_settings: MakeSettings, free_port: int
) -> None:
    trusted = (ip_network("127.0.0.0/8"),)
    async with (
        small_web(make_settings, free_port, trusted_proxies=trusted) as (_, root),
        aiohttp.ClientSession() as one,
    ):
        statuses = []
        for at in range(70):
            async with one.get(f"{root}/healthz", headers={"X-Forwarded-For": f"1.2.3.4, 5.6.7.{at}"}) as answer:
                statuses.append(answer.status)
        assert set(statuses) == {200}
        for _ in range(70):
            async with one.get(f"{root}/healthz", headers={"X-Forwarded-For": "6.6.6.6, 5.6.7.200"}) as answer:
                statuses.append(answer.status)
        assert statuses[-1] == 429


async def test_without_github_there_is_no_sign_in(database: str, make_settings: MakeSettings, free_port: int) -> None:
    async with small_web(make_settings, free_port) as (_, root), aiohttp.ClientSession() as session:
        for path in ("start", "callback"):
            async with session.get(f"{root}/oauth/github/{path}") as answer:
                assert answer.status == 404


async def test_slow_clients_are_cut(database: str, make_settings: MakeSettings, free_port: int) -> None:
    keeper = Doorkeeper(rest_seconds=0.5)
    async with small_web(make_settings, free_port, doorkeeper=keeper):
        silent, other = await asyncio.open_connection("127.0.0.1", free_port)
        dribbling, writer = await asyncio.open_connection("127.0.0.1", free_port)

        async def dribble() -> None:
            for letter in b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 200:
                writer.write(bytes([letter]))
                await asyncio.sleep(0.1)

        task = asyncio.create_task(dribble())
        for reader in (silent, dribbling):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(1), 4)
        task.cancel()
        other.close()
        writer.close()


async def test_too_many_connections_cost_the_longest_idle_ones(
    database: str, make_settings: MakeSettings, free_port: int
) -> None:
    keeper = Doorkeeper(rest_seconds=3, most=5)
    async with small_web(make_settings, free_port, doorkeeper=keeper) as (_, root):
        connections = [await asyncio.open_connection("127.0.0.1", free_port) for _ in range(9)]
        await asyncio.sleep(1.6)
        gone = [reader for reader, _ in connections if reader.exception() or reader.at_eof()]
        assert len(gone) == 4
        async with aiohttp.ClientSession() as session, session.get(f"{root}/healthz") as answer:
            assert answer.status == 200
        for _, writer in connections:
            writer.close()


async def test_an_open_answer_is_finished_before_the_end(house: WebHouse) -> None:
    await house.control.fault("slow", path="/login/oauth/access_token", delay=1.0, count=1)
    user = await house.user()
    browser = await house.browser()
    await browser.open(await house.links.begin(user))
    pressing = asyncio.create_task(browser.press("Authorize as @ann"))
    await asyncio.sleep(0.4)
    await house.web.stop()
    assert "Connect GitHub?" in await pressing
    with pytest.raises(aiohttp.ClientError):
        await house.session.get(f"{house.root}/healthz")


async def test_a_taken_port_is_one_line(house: WebHouse) -> None:
    with pytest.raises(OperatorError, match="CLAWBOT_WEB_PORT"):
        await Web(house.web.parts).start()


def test_github_without_a_public_address_is_one_line(make_settings: MakeSettings) -> None:
    with pytest.raises(SettingError, match="CLAWBOT_GITHUB_CLIENT_ID is wrong: needs CLAWBOT_PUBLIC_URL"):
        make_settings(github_client_id="x", github_client_secret="y")
    assert make_settings(github_client_id="x", github_client_secret="y", public_url="https://x.org").github_configured


async def test_https_means_strict_transport_and_a_host_bound_cookie(
    database: str, make_settings: MakeSettings, free_port: int, house: WebHouse
) -> None:
    settings = make_settings(public_url="https://clawbot.example.org", web_port=free_port)
    web = Web(WebParts(settings, TEXTS, StatusBoard(SystemClock()), lambda: "clawbot", house.links))
    await web.start(0)
    url = (await house.links.begin(await house.user())).replace(house.root, f"http://127.0.0.1:{web.port}")
    async with house.session.get(url, allow_redirects=False) as answer:
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-clawbot-link=")
        assert all(one in cookie for one in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    await web.stop()
