"""The pages as people see them; pictures are kept in ``var/web``."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from fixtures.web_house import WebHouse
from playwright.async_api import Browser, Page, expect

from manager_bot.services.status import Part
from models import Agent, Cause, ContainerStatus, DesiredState, Heartbeat, Incident, Severity, Stage, Trouble, UptimeDay

SHOTS = Path(__file__).resolve().parents[3] / "var" / "web"
DESKTOP, PHONE = (1280, 900), (360, 740)


@dataclass
class Visit:
    """A page, and what its browser complained of."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    bytes: int = 0

    async def shoot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    async def complaints(self, axe: str) -> list[str]:
        """What axe-core finds of at least moderate weight."""
        await self.page.evaluate(axe)
        found: dict[str, Any] = await self.page.evaluate("axe.run()")
        return [
            f"{one['impact']} {one['id']}: {one['nodes'][0]['html'][:120]}"
            for one in found["violations"]
            if one["impact"] in {"moderate", "serious", "critical"}
        ]


@asynccontextmanager
async def visit(
    browser: Browser, url: str, size: tuple[int, int] = DESKTOP, *, dark: bool = False, language: str = "en"
) -> AsyncIterator[Visit]:
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        locale=language,
        is_mobile=size == PHONE,
        has_touch=size == PHONE,
    )
    seen = Visit(await context.new_page())
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    seen.page.on("console", lambda line: seen.errors.append(line.text) if line.type == "error" else None)
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    await seen.page.goto(url)
    yield seen
    await context.close()


async def busy_platform(house: WebHouse) -> None:
    """Ninety days of a platform that was mostly well, and has a bad moment now."""
    now, chance = house.clock.now(), random.Random(5)  # noqa: S311 - the same picture each time
    for part in ("bot", "gateway", "watchdog"):
        await Heartbeat.create(part=part, at=now)
    states = (
        [{"container_status": ContainerStatus.RUNNING, "stage": Stage.CONNECTED}] * 31
        + [{"stage": Stage.STARTING}] * 2
        + [{"desired_state": DesiredState.STOPPED}] * 3
        + [{"trouble": Trouble.OUT_OF_MEMORY}]
    )
    for at, state in enumerate(states):
        user = await house.user(f"P{at}")
        names = dict.fromkeys(("bot_username", "bot_name", "bot_token", "gateway_key", "container_name"), f"x{at}")
        prints = {"bot_token_fingerprint": f"t{at}", "gateway_key_fingerprint": f"g{at}"}
        await Agent.create(user=user, bot_id=at, container_port=9000 + at, **names, **prints, **state)
    for cause, hours, lasted in (
        (Cause.GEMINI_DOWN, 1, None),
        (Cause.DOCKER_DOWN, 80, 2),
        (Cause.TELEGRAM_DOWN, 200, 1),
    ):
        opened = now - timedelta(hours=hours)
        await Incident.create(
            cause=cause, severity=Severity.CRITICAL, open_key=cause if lasted is None else None, opened_at=opened,
            updated_at=opened, published_at=opened, closed_at=opened + timedelta(hours=lasted) if lasted else None,
        )  # fmt: skip
    for back in range(80):
        day = (now - timedelta(days=back)).strftime("%Y-%m-%d")
        for part in Part:
            down = chance.choice([0] * 25 + [2, 7, 90])
            await UptimeDay.create(component=part, date=day, up=1440 - down, down=down, checked_at=now)


async def test_the_status_page_on_every_screen(house: WebHouse, chromium: Browser, axe: str) -> None:
    await busy_platform(house)
    for size, kind in ((DESKTOP, "desktop"), (PHONE, "phone")):
        for dark in (False, True):
            async with visit(chromium, house.root, size, dark=dark) as seen:
                await expect(seen.page.locator("#headline")).to_have_text("Some parts have trouble")
                await expect(seen.page.locator(".agents div", has_text="running")).to_contain_text("31")
                await seen.shoot(f"status-{kind}-{'dark' if dark else 'light'}")
                assert await seen.page.evaluate("document.scrollingElement.scrollWidth") <= size[0]
                assert await seen.complaints(axe) == []
                assert seen.errors == []
                assert {url for url in seen.requests if not url.startswith((house.root, "data:"))} == set()
    async with visit(chromium, house.root, PHONE, language="ru-RU") as seen:
        await expect(seen.page.locator("#headline")).to_have_text("Есть неполадки")
        await seen.shoot("status-phone-russian")
        assert await seen.page.evaluate("document.scrollingElement.scrollWidth") <= PHONE[0]


async def test_a_quiet_day_and_a_silent_watchdog(house: WebHouse, chromium: Browser, axe: str) -> None:
    for part in ("bot", "gateway", "watchdog"):
        await Heartbeat.create(part=part, at=house.clock.now())
    for minutes, headline, name in ((0, "Everything works", "quiet"), (3, "Watchdog silent", "silent")):
        house.clock.offset = timedelta(minutes=minutes)
        for dark in (False, True):
            async with visit(chromium, house.root, PHONE, dark=dark) as seen:
                await expect(seen.page.locator("#headline")).to_contain_text(headline)
                await seen.shoot(f"{name}-phone-{'dark' if dark else 'light'}")
                assert await seen.complaints(axe) == []
                assert seen.errors == []


async def test_the_status_page_lives_without_a_reload(house: WebHouse, chromium: Browser) -> None:
    await busy_platform(house)
    async with visit(chromium, "about:blank") as seen:
        await seen.page.clock.install()
        await seen.page.goto(house.root)
        await seen.page.get_by_text("Days with trouble").focus()
        await seen.page.keyboard.press("Enter")
        await expect(seen.page.locator("details")).to_have_attribute("open", "")
        await seen.page.evaluate("window.same = true")
        await Incident.filter(cause=Cause.GEMINI_DOWN).update(closed_at=house.clock.now(), open_key=None)
        await UptimeDay.filter(component="bot").update(down=50)
        await seen.page.clock.run_for(16_000)
        await expect(seen.page.locator("#headline")).to_have_text("Everything works")
        await expect(seen.page.locator(".incidents .dot.down")).to_have_count(0)
        await expect(seen.page.locator("details")).to_have_attribute("open", "")
        assert await seen.page.evaluate("document.activeElement.tagName") == "SUMMARY"
        assert await seen.page.evaluate("window.same"), "the page was reloaded"
        await house.web.stop()
        await seen.page.clock.run_for(16_000)
        await expect(seen.page.locator("#offline")).to_be_visible()
        await house.web.start()
        await seen.page.clock.run_for(16_000)
        await expect(seen.page.locator("#offline")).to_be_hidden()
        assert [line for line in seen.errors if "ERR_CONNECTION" not in line] == []


async def test_signing_in_with_a_real_browser(house: WebHouse, chromium: Browser, axe: str) -> None:
    user = await house.user("Анна <b>Перлова</b>", language="ru")
    async with visit(chromium, await house.links.begin(user), PHONE) as seen:
        await seen.page.get_by_role("button", name="Authorize as @ann").click()
        await expect(seen.page.get_by_role("heading")).to_have_text("Подключить GitHub?")
        await expect(seen.page.get_by_text("Анна <b>Перлова</b>")).to_be_visible()
        await seen.shoot("confirm-phone")
        assert await seen.complaints(axe) == []
        await seen.page.keyboard.press("Tab")
        await expect(seen.page.get_by_role("button", name="Подключить")).to_be_focused()
        await seen.page.keyboard.press("Enter")
        await expect(seen.page.get_by_role("heading")).to_have_text("GitHub подключён")
        link = seen.page.get_by_role("link", name="Вернуться в Телеграм")
        await expect(link).to_have_attribute("href", "https://t.me/clawbot")
        await seen.shoot("connected-phone")
        assert await seen.complaints(axe) == []
        assert seen.errors == []
    await user.refresh_from_db()
    assert user.github_username == "ann"


async def test_a_stranger_with_the_link_reads_whose_it_is(house: WebHouse, chromium: Browser, axe: str) -> None:
    mallory = await house.user("Mallory")
    async with visit(chromium, await house.links.begin(mallory), dark=True) as seen:
        await seen.page.get_by_role("button", name="Authorize as @ann").click()
        await expect(seen.page.get_by_text(f"Telegram account Mallory (@{mallory.username})")).to_be_visible()
        await seen.shoot("confirm-desktop-dark")
        await seen.page.get_by_role("button", name="Cancel").click()
        await expect(seen.page.get_by_text("nothing was saved")).to_be_visible()
        await seen.shoot("cancelled-desktop-dark")
        assert await seen.complaints(axe) == []
    await mallory.refresh_from_db()
    assert mallory.github_id is None
