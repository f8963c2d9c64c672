"""The link from the chat: one use, ten minutes, one browser, and whoever else gets hold of it."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
from fixtures.web_house import WebHouse, nothing_saved
from yarl import URL

from manager_bot.clock import SystemClock
from manager_bot.services.browser_cookie import LENGTH, MOST_TABS
from models import LinkAttempt


async def test_a_link_sent_to_somebody_else_connects_nothing(house: WebHouse) -> None:
    """Mallory sends her own link to Ann: Ann reads whose account it is, and cancels."""
    mallory = await house.user("Mallory")
    browser = await house.question(mallory, "ann")
    assert "Telegram account Mallory" in browser.text
    assert "somebody sent you their link" in browser.text
    await browser.press("Cancel")
    assert "nothing was saved" in browser.text
    assert await nothing_saved(mallory)
    assert await house.living_tokens() == 0
    assert [kind for kind, _ in await house.notices(mallory)] == ["github_failed"]


async def test_a_return_sent_to_somebody_else_connects_nothing(house: WebHouse) -> None:
    """The address GitHub sends Ann's browser to is opened in another one."""
    ann = await house.user()
    browser = await house.question(ann)
    consent_page, returned = browser.source, browser.url
    other = await house.browser()
    await other.open(returned)
    assert (other.status, "another browser" in other.text) == (403, True)
    other.source, other.url = consent_page, returned
    await other.press("Connect")
    assert other.status == 403
    assert await nothing_saved(ann)
    await browser.press("Connect")
    assert "GitHub connected" in browser.text


async def test_a_link_works_once_and_in_the_browser_that_opened_it_first(house: WebHouse) -> None:
    user = await house.user()
    url = await house.links.begin(user)
    first, second = await house.browser(), await house.browser()
    assert "Authorize" in await first.open(url)
    assert "used already" in await second.open(url)
    assert second.status == 410
    assert "Authorize" in await first.open(url)
    await first.press("Authorize as @ann")
    await first.press("Connect")
    assert "GitHub connected" in first.text
    assert "used already" in await first.open(url)


async def test_a_link_lives_ten_minutes(house: WebHouse) -> None:
    user = await house.user()
    url, browser = await house.links.begin(user), await house.browser()
    house.clock.offset = timedelta(minutes=10, seconds=1)
    assert "has run out" in await browser.open(url)
    assert browser.status == 410
    house.clock.offset = timedelta()
    waiting = await house.question(user)
    house.clock.offset = timedelta(minutes=10, seconds=1)
    await waiting.press("Connect")
    assert "has run out" in waiting.text
    assert await nothing_saved(user)
    await house.links.sweep()
    assert await LinkAttempt.all().count() == 0
    assert await house.living_tokens() == 0


@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?state=x&error=access_denied", "?code=y"])
async def test_a_made_up_return_is_refused(house: WebHouse, query: str) -> None:
    browser = await house.browser()
    assert "has run out" in await browser.open(f"{house.root}/oauth/github/callback{query}")
    assert browser.status == 410


async def test_a_return_counts_once(house: WebHouse) -> None:
    user = await house.user()
    browser = await house.question(user)
    returned = browser.url
    assert "Connect GitHub?" in await browser.open(returned)
    await browser.press("Connect")
    page = browser.source
    assert "used already" in await browser.open(returned)
    assert browser.status == 410
    assert page.count("gho_") == 0
    assert await house.living_tokens() == 1


async def test_only_so_many_addresses_wait_at_a_time(house: WebHouse) -> None:
    user = await house.user()
    for _ in range(8):
        await house.links.begin(user)
    assert await LinkAttempt.filter(user_id=user.id).count() == 5
    assert (await LinkAttempt.all().order_by("id").first()).expires_at > SystemClock().now()  # type: ignore[union-attr]


async def test_a_page_of_another_site_cannot_confirm(house: WebHouse) -> None:
    user = await house.user()
    browser = await house.question(user)
    consent = browser.source.partition('name="consent" value="')[2].partition('"')[0]
    url = f"{house.root}/oauth/github/callback"
    form = {"consent": consent, "answer": "connect"}
    async with browser.session.post(url, data=form, headers={"Sec-Fetch-Site": "cross-site"}) as answer:
        assert answer.status == 403
    async with browser.session.post(url, data={"answer": "connect", "consent": "guess"}) as answer:
        assert answer.status == 410
    assert await nothing_saved(user)


async def test_two_links_side_by_side_in_one_browser(house: WebHouse) -> None:
    """Ann pressed the button twice and has two tabs at GitHub; either may come back first."""
    user = await house.user()
    browser = await house.browser()
    await browser.open(await house.links.begin(user))
    first = browser.source
    await browser.open(await house.links.begin(user))
    second, consent_url = browser.source, browser.url
    browser.source = first
    await browser.press("Authorize as @ann")
    assert "Connect GitHub?" in browser.text
    browser.source, browser.url = second, consent_url
    await browser.press("Authorize as @ann")
    await browser.press("Connect")
    assert "GitHub connected" in browser.text


async def test_a_browser_remembers_only_so_many_links(house: WebHouse) -> None:
    user = await house.user()
    browser = await house.browser()
    for _ in range(MOST_TABS + 2):
        await browser.open(await house.links.begin(user))
    cookies = {one.key: one.value for one in browser.session.cookie_jar}
    assert len(cookies["clawbot-link"]) == LENGTH
    await browser.press("Authorize as @ann")
    assert "Connect GitHub?" in browser.text


async def test_a_cookie_planted_beforehand_opens_nothing(house: WebHouse) -> None:
    """Mallory can set Ann's cookie, and later sees the address Ann came back to."""
    user = await house.user()
    ann, mallory = await house.browser(), await house.browser()
    for browser in (ann, mallory):
        browser.session.cookie_jar.update_cookies({"clawbot-link": "planted"}, URL(house.root))
    await ann.open(await house.links.begin(user))
    await ann.press("Authorize as @ann")
    await mallory.open(ann.url)
    assert mallory.status == 403


async def test_the_cookie_is_the_browsers_alone(house: WebHouse) -> None:
    async with house.session.get(await house.links.begin(await house.user()), allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert all(one in cookie for one in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"))
    assert "Domain" not in cookie


async def code_on_its_way(house: WebHouse, link: str, login: str) -> str:
    """What GitHub would send the browser back with, caught before it arrives."""
    browser = await house.browser()
    page = await browser.open(link)
    assert f"Authorize as @{login}" in page
    token = browser.source.partition('name="authenticity_token" value="')[2].partition('"')[0]
    form = {"authenticity_token": html.unescape(token), "authorize": "1", "account": login}
    url = f"{house.settings.github_root}/login/oauth/authorize"
    async with browser.session.post(url, data=form, allow_redirects=False) as answer:
        return URL(answer.headers["Location"]).query["code"]


async def test_a_code_of_somebody_elses_sign_in_is_refused(house: WebHouse) -> None:
    """Mallory makes Ann's browser come back with a code of hers: PKCE ties a code to the sign-in it was asked for."""
    ann, mallory = await house.user(), await house.user("Mallory")
    await house.control.join("mallory")
    code = await code_on_its_way(house, await house.links.begin(mallory), "mallory")
    browser = await house.browser()
    url = await house.links.begin(ann)
    async with browser.session.get(url, allow_redirects=False) as answer:
        state = URL(answer.headers["Location"]).query["state"]
    await browser.open(f"{house.root}/oauth/github/callback?state={state}&code={code}")
    assert browser.status == 502
    assert await nothing_saved(ann)
    assert await nothing_saved(mallory)


async def test_a_forged_refusal_does_not_end_what_is_under_way(house: WebHouse) -> None:
    user = await house.user()
    browser = await house.question(user)
    page, url = browser.source, browser.url
    forged = str(URL(url).with_query({"state": URL(url).query["state"], "error": "access_denied"}))
    await browser.open(forged)
    assert browser.status == 410
    browser.source, browser.url = page, url
    await browser.press("Connect")
    assert "GitHub connected" in browser.text


@pytest.mark.parametrize("name", ["state", "code", "ticket", "error"])
async def test_long_and_strange_values_are_refused_in_words(house: WebHouse, name: str) -> None:
    for value in ("x" * 3000, "%00", "%F0%28%8C%28", "<script>alert(1)</script>", "1'+OR+'1'='1"):
        for route in ("start", "callback"):
            async with house.session.get(
                URL(f"{house.root}/oauth/github/{route}?{name}={value}", encoded=True)
            ) as answer:
                assert answer.status == 410, value
                assert "<script>alert" not in await answer.text()
