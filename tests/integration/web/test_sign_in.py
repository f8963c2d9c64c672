"""Connecting GitHub in a browser, from the chat to the confirmed account."""

from __future__ import annotations

import asyncio

import pytest
from fixtures.web_house import BOTH, TEXTS, WebHouse, nothing_saved

from manager_bot.errors import Suspended
from manager_bot.services.audit import Actor, Role
from models import AuditEntry, LinkAttempt, LinkStage, Revocation, User


@BOTH
async def test_from_the_chat_to_connected(house: WebHouse) -> None:
    user = await house.user()
    browser = await house.question(user)
    assert f"Your GitHub account @ann will be connected to the Telegram account Ann (@{user.username})" in browser.text
    assert await nothing_saved(user)
    await browser.press("Connect")
    assert "Your GitHub account @ann is connected" in browser.text
    assert browser.link("Return to Telegram") == "https://t.me/clawbot"
    await user.refresh_from_db()
    account = await house.control.account("ann")
    assert (user.github_id, user.github_username, user.email) == (str(account["id"]), "ann", "ann@example.org")
    assert user.github_token is not None
    assert "gho_" not in user.github_token
    assert house.vault.open(user.github_token).get_secret_value().startswith("gho_")
    assert await house.notices(user) == [("github_connected", {"login": "ann"})]
    entry = await AuditEntry.get(action="github.link")
    assert "gho_" not in str(entry.details)


async def test_where_the_card_waits_it_says_so_itself(house: WebHouse) -> None:
    user = await house.user()
    await User.filter(id=user.id).update(card_screen="github")
    await house.linked(user)
    assert await house.notices(user) == []


async def test_connect_pressed_twice_is_connected_once(house: WebHouse) -> None:
    user = await house.user()
    browser = await house.question(user)
    page, url = browser.source, browser.url
    await browser.press("Connect")
    browser.source, browser.url = page, url
    assert "is connected" in await browser.press("Connect")
    assert len(await house.notices(user)) == 1
    assert await LinkAttempt.filter(stage=LinkStage.DONE).count() == 1


@BOTH
async def test_connect_pressed_twice_at_once(house: WebHouse) -> None:
    user = await house.user()
    browser = await house.question(user)
    consent = browser.source.partition('name="consent" value="')[2].partition('"')[0]
    form = {"consent": consent, "answer": "connect"}

    async def press() -> str:
        async with browser.session.post(f"{house.root}/oauth/github/callback", data=form) as answer:
            return await answer.text()

    pages = await asyncio.gather(*(press() for _ in range(5)))
    assert all("GitHub connected" in page for page in pages)
    assert len(await house.notices(user)) == 1
    assert await house.living_tokens() == 1


@BOTH
async def test_one_github_account_belongs_to_one_person(house: WebHouse) -> None:
    ann, bob = await house.linked(await house.user()), await house.user("Bob")
    browser = await house.question(bob)
    assert "connected to another Telegram account" in browser.text
    assert browser.status == 409
    assert await nothing_saved(bob)
    assert await house.notices(bob) == [("github_failed", {"reason": "error.github.taken"})]
    assert await house.living_tokens() == 1
    await house.tokens.unlink(ann, Actor(ann.telegram_id, Role.SUBSCRIBER))
    await house.linked(bob)


@BOTH
async def test_two_people_confirm_one_account_at_the_same_moment(house: WebHouse) -> None:
    ann, bob = await house.user(), await house.user("Bob")
    first, second = await house.question(ann), await house.question(bob)
    await first.press("Connect")
    await second.press("Connect")
    assert "is connected" in first.text
    assert (second.status, "another Telegram account" in second.text) == (409, True)
    assert await nothing_saved(bob)
    assert await house.living_tokens() == 1


@BOTH
async def test_two_people_press_connect_for_one_account_at_once(house: WebHouse) -> None:
    people = [await house.user(name) for name in ("Ann", "Bob", "Cid")]
    browsers = [await house.question(person) for person in people]
    await asyncio.gather(*(browser.press("Connect") for browser in browsers))
    assert sorted(browser.status for browser in browsers) == [200, 409, 409]
    assert await User.filter(github_username="ann").count() == 1
    assert await house.living_tokens() == 1
    assert await Revocation.all().count() == 0


async def test_a_suspended_person_connects_nothing(house: WebHouse) -> None:
    user = await house.user()
    browser = await house.question(user)
    await User.filter(id=user.id).update(is_active=False)
    await browser.press("Connect")
    assert browser.status == 403
    assert await nothing_saved(user)
    await user.refresh_from_db()
    with pytest.raises(Suspended):
        await house.links.begin(user)


async def test_names_are_escaped_and_the_language_is_the_users(house: WebHouse) -> None:
    user = await house.user("<script>alert(1)</script>", language="ru")
    browser = await house.question(user)
    assert "<script>alert" not in browser.source
    assert "Подключить GitHub?" in browser.text


async def test_a_login_is_escaped_on_the_page_and_in_the_chat(house: WebHouse) -> None:
    """GitHub's own logins are harmless; those of an Enterprise server of somebody's need not be."""
    login = '<img src=x>&"'
    await house.control.join(login)
    user = await house.user()
    browser = await house.browser()
    await browser.open(await house.links.begin(user))
    await browser.press("Authorize as @<img")
    assert f"@{login}" in browser.text
    assert "<img" not in browser.source
    await browser.press("Connect")
    assert "<img" not in browser.source
    [(kind, values)] = await house.notices(user)
    assert "<img" not in TEXTS.get("en", f"notice.{kind}", **values)
