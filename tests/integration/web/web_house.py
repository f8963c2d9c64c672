"""A web component on a real socket, an emulated GitHub behind it, people in front of it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from pydantic import SecretStr

from manager_bot.clock import OffsetClock
from manager_bot.config import Settings
from manager_bot.demo.client import WorldClient
from manager_bot.demo.github import Browser, GitHubControl
from manager_bot.services.audit import Audit
from manager_bot.services.github_tokens import GitHubTokens
from manager_bot.services.links import Links
from manager_bot.services.outbox import Outbox
from manager_bot.services.status import StatusBoard
from manager_bot.texts import Texts
from manager_bot.vault import Vault
from models import Notification, User
from web.app import WebParts
from web.github import GitHubClient
from web.server import Web
from web.signin import CALLBACK, START

CLIENT, SECRET = "Iv1.clawbot", "c" * 40
TEXTS = Texts.load()
_ids = itertools.count(7_000_001)


def github_settings(root: str, web_port: int) -> dict[str, object]:
    """How an installation is told of the world's GitHub."""
    return {
        "github_root": f"{root}/github",
        "github_api_root": f"{root}/github/api",
        "github_client_id": CLIENT,
        "github_client_secret": SecretStr(SECRET),
        "public_url": f"http://127.0.0.1:{web_port}",
        "web_port": web_port,
    }


@dataclass
class WebHouse:
    """Everything a test of the web component touches."""

    settings: Settings
    clock: OffsetClock
    vault: Vault
    links: Links
    tokens: GitHubTokens
    board: StatusBoard
    web: Web
    control: GitHubControl
    session: aiohttp.ClientSession
    browsers: list[Browser] = field(default_factory=list)

    @property
    def root(self) -> str:
        return self.settings.public_url

    async def user(self, name: str = "Ann", *, language: str = "en") -> User:
        """A person the manager bot has met."""
        number = next(_ids)
        return await User.create(telegram_id=number, name=name, username=f"{name.lower()}_{number}", language=language)

    async def browser(self) -> Browser:
        """A fresh browser, closed at the end."""
        browser = await Browser().__aenter__()
        self.browsers.append(browser)
        return browser

    async def question(self, user: User, login: str = "ann") -> Browser:
        """A browser that stands before the confirming page of *user*'s link."""
        browser = await self.browser()
        await browser.open(await self.links.begin(user))
        await browser.press(f"Authorize as @{login}")
        return browser

    async def linked(self, user: User, login: str = "ann") -> User:
        """*user* with a GitHub account connected."""
        browser = await self.question(user, login)
        await browser.press("Connect")
        assert "GitHub connected" in browser.text
        await user.refresh_from_db()
        return user

    async def notices(self, user: User) -> list[tuple[str, dict[str, object]]]:
        """What was put into the outbox for *user*."""
        rows = await Notification.filter(chat_id=user.telegram_id).order_by("id")
        return [(row.kind, row.values) for row in rows]


@asynccontextmanager
async def open_web_house(settings: Settings, world: WorldClient) -> AsyncIterator[WebHouse]:
    clock, vault = OffsetClock(), Vault(settings.secret_keys)
    audit, outbox, github = Audit(clock), Outbox(clock, ()), GitHubClient.of(settings)
    tokens = GitHubTokens(clock, vault, github, audit, outbox)
    links = Links(clock, vault, github, tokens, audit, outbox, f"{settings.public_url}{START}")
    board = StatusBoard(clock)
    async with aiohttp.ClientSession() as session:
        control = GitHubControl(session, world.root)
        await control.register(CLIENT, SECRET, f"{settings.public_url}{CALLBACK}")
        await control.join("ann", emails=["ann@example.org", "second@example.org"])
        web = Web(WebParts(settings, TEXTS, board, lambda: "clawbot", links, fresh_seconds=0))
        await web.start()
        house = WebHouse(settings, clock, vault, links, tokens, board, web, control, session)
        try:
            yield house
        finally:
            for browser in house.browsers:
                await browser.session.close()
            await web.stop()
