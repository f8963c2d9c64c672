"""`deploy/nginx.conf` in a real nginx, with a throw-away certificate, in front of the real web component."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from fixtures.settings import MakeSettings
from fixtures.tls_front import NAME, conf_with, connector, listens, make_certificate
from fixtures.web_house import WebHouse, github_settings, open_web_house
from fixtures.worlds import take_free_port

from manager_bot.demo.client import WorldClient
from manager_bot.demo.github import Browser

NGINX = Path("/usr/sbin/nginx")


@dataclass
class Front:
    """nginx on two free ports."""

    house: WebHouse
    http: int
    https: int
    folder: Path


def write_conf(folder: Path, http: int, https: int, upstream: int) -> Path:
    """The file as shipped, with paths and ports of a test's own."""
    changes = {
        "/etc/letsencrypt/live/clawbot.example.org/fullchain.pem": f"{folder}/cert.pem",
        "/etc/letsencrypt/live/clawbot.example.org/privkey.pem": f"{folder}/key.pem",
        "/var/log/nginx/": f"{folder}/",
        "/var/www/acme": f"{folder}/acme",
        "/run/nginx.pid": f"{folder}/nginx.pid",
        "server 127.0.0.1:8080": f"server 127.0.0.1:{upstream}",
        "user www-data;": "daemon off;" if os.getuid() else "user root; daemon off;",
        "worker_processes auto": "worker_processes 1",
        "client_header_timeout 10s": "client_header_timeout 1s",
        "client_body_timeout 10s": "client_body_timeout 1s",
    }
    target = folder / "nginx.conf"
    target.write_text(conf_with(changes, http, https))
    return target


@pytest.fixture
async def front(
    world: WorldClient, database: str, make_settings: MakeSettings, free_port: int, tmp_path: Path
) -> AsyncIterator[Front]:
    if not os.access(NGINX, os.X_OK):
        pytest.fail("no /usr/sbin/nginx: `make test` installs it (apt-get install nginx-light)", pytrace=False)
    http, https = take_free_port(), take_free_port()
    make_certificate(tmp_path)
    challenges = tmp_path / "acme" / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / "token").write_text("proof")
    conf = write_conf(tmp_path, http, https, free_port)
    changes = github_settings(world.root, free_port) | {
        "public_url": f"https://{NAME}:{https}",
        "trusted_proxies": "127.0.0.1",
    }
    async with open_web_house(make_settings(**changes), world) as house:
        arguments = (str(NGINX), "-p", str(tmp_path), "-c", str(conf), "-e", f"{tmp_path}/start.log")
        process = await asyncio.create_subprocess_exec(*arguments)
        try:
            await listens(https)
            yield Front(house, http, https, tmp_path)
        finally:
            process.terminate()
            await process.wait()


def session(front: Front) -> aiohttp.ClientSession:
    """A client that knows the throw-away certificate, and takes the name for this machine."""
    return aiohttp.ClientSession(f"https://{NAME}:{front.https}", connector=connector(front.folder / "cert.pem"))


async def test_pages_come_over_tls_and_port_80_leads_there(front: Front) -> None:
    async with session(front) as client:
        for path in ("/", "/status.json", "/healthz"):
            async with client.get(path) as answer:
                assert answer.status == 200
                assert answer.headers["Strict-Transport-Security"]
                assert "Content-Security-Policy" in answer.headers
                assert "aiohttp" not in str(answer.headers)
        plain = f"http://{NAME}:{front.http}"
        async with client.get(f"{plain}/status.json?x=1", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (301, f"https://{NAME}/status.json?x=1")
        async with client.get(f"{plain}/.well-known/acme-challenge/token") as answer:
            assert await answer.text() == "proof"


async def test_what_is_not_ours_does_not_reach_us(front: Front) -> None:
    async with session(front) as client:
        for path in ("/nothing", "/oauth", "/oauth/github/start/x", "/.env"):
            async with client.get(path) as answer:
                assert answer.status == 404
        async with client.post("/oauth/github/callback", data=b"x" * 20_000) as answer:
            assert answer.status == 413
        async with client.post("/") as answer:
            assert answer.status == 405
        with pytest.raises(aiohttp.ClientError):
            await client.get(f"http://127.0.0.1:{front.http}/", headers={"Host": "other.example.org"})
        with pytest.raises(aiohttp.ClientError):
            await client.get(f"https://other.example.org:{front.https}/")


async def test_a_client_cannot_choose_its_address(front: Front) -> None:
    async with session(front) as client:
        statuses = []
        for at in range(70):
            async with client.get("/healthz", headers={"X-Forwarded-For": f"5.5.5.{at}"}) as answer:
                statuses.append(answer.status)
        assert statuses[0] == 200
        assert statuses[-1] == 429


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: %b\r\nX-A: " % NAME.encode(),
        b"POST /oauth/github/callback HTTP/1.1\r\nHost: %b\r\nContent-Length: 100\r\n\r\nx" % NAME.encode(),
    ],
    ids=["header", "body"],
)
async def test_who_sends_half_a_request_is_cut(front: Front, sent: bytes) -> None:
    trust = ssl.create_default_context(cafile=str(front.folder / "cert.pem"))
    reader, writer = await asyncio.open_connection("127.0.0.1", front.https, ssl=trust, server_hostname=NAME)
    writer.write(sent)
    try:
        answer = await asyncio.wait_for(reader.read(), 9)
    except ConnectionResetError:
        answer = b""
    assert answer == b"" or b" 408 " in answer.split(b"\r\n")[0]
    writer.close()


async def test_signing_in_through_it(front: Front) -> None:
    user = await front.house.user()
    async with Browser() as browser:
        await browser.session.close()
        browser.session = aiohttp.ClientSession(connector=connector(front.folder / "cert.pem"))
        await browser.open(await front.house.links.begin(user))
        await browser.press("Authorize as @ann")
        assert browser.url.startswith(f"https://{NAME}:{front.https}/oauth/github/callback")
        await browser.press("Connect")
        assert "GitHub connected" in browser.text
    await user.refresh_from_db()
    assert user.github_username == "ann"
    log = (front.folder / "access.log").read_text()
    assert "/oauth/github/callback" in log
    assert "code=" not in log
    assert "ticket=" not in log
