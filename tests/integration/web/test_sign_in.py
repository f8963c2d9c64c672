"""Connecting GitHub in a browser, and every way it may go wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from fixtures.web_house import WebHouse

from manager_bot.clock import SystemClock
from manager_bot.errors import GitHubMissing, Suspended
from manager_bot.services.audit import Actor, Role
from models import AuditEntry, LinkAttempt, LinkStage, Revocation, User

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)


async def nothing_saved(user: User) -> bool:
    """Not even half of it."""
    await user.refresh_from_db()
    return (user.github_id, user.github_username, user.email, user.github_token) == (None, None, None, None)


async def living_tokens(house: WebHouse, login: str = "ann") -> int:
    return len((await house.control.account(login))["tokens"])


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


async def test_a_link_sent_to_somebody_else_connects_nothing(house: WebHouse) -> None:
    """Mallory sends her own link to Ann: Ann reads whose account it is, and cancels."""
    mallory = await house.user("Mallory")
    browser = await house.question(mallory, "ann")
    assert "Telegram account Mallory" in browser.text
    assert "somebody sent you their link" in browser.text
    await browser.press("Cancel")
    assert "nothing was saved" in browser.text
    assert await nothing_saved(mallory)
    assert await living_tokens(house) == 0
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
    assert await living_tokens(house) == 0


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
    assert await living_tokens(house) == 1


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
    assert await living_tokens(house) == 1


@BOTH
async def test_two_people_press_connect_for_one_account_at_once(house: WebHouse) -> None:
    people = [await house.user(name) for name in ("Ann", "Bob", "Cid")]
    browsers = [await house.question(person) for person in people]
    await asyncio.gather(*(browser.press("Connect") for browser in browsers))
    assert sorted(browser.status for browser in browsers) == [200, 409, 409]
    assert await User.filter(github_username="ann").count() == 1
    assert await living_tokens(house) == 1
    assert await Revocation.all().count() == 0


async def test_declined_at_github(house: WebHouse) -> None:
    user = await house.user(language="ru")
    browser = await house.browser()
    await browser.open(await house.links.begin(user))
    await browser.press("Cancel")
    assert "You did not agree" in browser.text
    assert browser.status == 200
    assert await nothing_saved(user)
    assert await house.notices(user) == [("github_failed", {"reason": "error.link.declined"})]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "path": "/login/oauth/access_token"},
        {"kind": "html", "path": "/login/oauth/access_token", "status": 502},
        {"kind": "html", "path": "/login/oauth/access_token", "status": 200},
        {"kind": "error", "path": "/api/user", "status": 500},
        {"kind": "html", "path": "/api/user/emails", "status": 200},
        {"kind": "drop", "path": "/api/user/emails"},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault['path']}-{fault.get('status', '')}",
)
async def test_github_down_on_the_way(house: WebHouse, fault: dict[str, object]) -> None:
    user = await house.user()
    browser = await house.browser()
    await browser.open(await house.links.begin(user))
    await house.control.fault(**fault)  # type: ignore[arg-type]
    await browser.press("Authorize as @ann")
    assert "GitHub does not answer" in browser.text
    assert browser.status == 503
    assert await nothing_saved(user)
    assert await house.notices(user) == [("github_failed", {"reason": "error.github.unavailable"})]
    assert await living_tokens(house) == 0
    await house.control.clear_faults()
    await house.linked(user)


async def test_a_wrong_callback_or_secret_is_a_clear_page(house: WebHouse) -> None:
    user = await house.user()
    await house.control.register("Iv1.clawbot", "another secret", f"{house.root}/oauth/github/callback")
    browser = await house.question(user)
    assert "GitHub did not accept this sign-in" in browser.text
    assert browser.status == 502
    registered = f"{house.root}/oauth/github/callback/elsewhere"
    await house.control.register("Iv1.clawbot", "c" * 40, registered)
    await browser.open(await house.links.begin(user))
    assert urlsplit(browser.url).path.endswith("/elsewhere")
    assert browser.status == 404
    assert await nothing_saved(user)


@BOTH
async def test_one_github_account_belongs_to_one_person(house: WebHouse) -> None:
    ann, bob = await house.linked(await house.user()), await house.user("Bob")
    browser = await house.question(bob)
    assert "connected to another Telegram account" in browser.text
    assert browser.status == 409
    assert await nothing_saved(bob)
    assert await house.notices(bob) == [("github_failed", {"reason": "error.github.taken"})]
    assert await living_tokens(house) == 1
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
    assert await living_tokens(house) == 1


async def test_linking_again_replaces_the_token_and_ends_the_old_one(house: WebHouse) -> None:
    user = await house.linked(await house.user())
    old = user.github_token
    await house.linked(user)
    assert user.github_token != old
    assert await living_tokens(house) == 1


async def test_unlinking_revokes_even_if_github_is_away_at_first(house: WebHouse) -> None:
    user = await house.linked(await house.user())
    actor = Actor(user.telegram_id, Role.SUBSCRIBER)
    await house.control.fault("error", path="/api/applications/*", status=503)
    assert await house.tokens.unlink(user, actor) == "ann"
    assert await nothing_saved(user)
    assert await living_tokens(house) == 1
    await house.control.clear_faults()
    await house.tokens.revoke_due()
    assert await living_tokens(house) == 1, "too early"
    house.clock.offset = timedelta(minutes=2)
    await house.tokens.revoke_due()
    assert await living_tokens(house) == 0
    assert await Revocation.all().count() == 0
    with pytest.raises(GitHubMissing):
        await house.tokens.unlink(user, actor)


async def test_a_token_revoked_at_github_is_noticed_once(house: WebHouse) -> None:
    user = await house.linked(await house.user())
    await house.tokens.check_all()
    await user.refresh_from_db()
    assert user.github_token is not None
    await house.control.withdraw("ann")
    await house.control.fault("error", path="/api/applications/*", status=500, count=1)
    await house.tokens.check_all()
    await user.refresh_from_db()
    assert user.github_token is not None, "an outage is no revocation"
    await house.tokens.check_all()
    await house.tokens.check_all()
    await user.refresh_from_db()
    assert (user.github_token, user.github_username) == (None, "ann")
    assert [kind for kind, _ in await house.notices(user)] == ["github_connected", "github_revoked"]


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


async def test_no_token_and_no_code_stay_in_the_database(house: WebHouse) -> None:
    user = await house.user()
    await house.question(user)
    attempt = await LinkAttempt.get(user_id=user.id)
    kept = repr({name: getattr(attempt, name) for name in attempt._meta.db_fields})
    assert "gho_" not in kept
    assert attempt.verifier is None
