"""What may go wrong at GitHub on the way: a clear page, a word in the chat, nothing half-saved."""

from __future__ import annotations

import dataclasses
from urllib.parse import urlsplit

import pytest
from fixtures.web_house import WebHouse, nothing_saved
from yarl import URL


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
    assert await house.living_tokens() == 0
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


@pytest.mark.parametrize(("status", "reason"), [(401, "refused"), (403, "unavailable"), (429, "unavailable")])
async def test_github_refuses_the_fresh_token(house: WebHouse, status: int, reason: str) -> None:
    """Revoked within the second, or asked too often."""
    user = await house.user()
    browser = await house.browser()
    await browser.open(await house.links.begin(user))
    await house.control.fault("error", path="/api/user", status=status)
    await browser.press("Authorize as @ann")
    assert browser.status in {502, 503}
    assert await nothing_saved(user)
    assert await house.notices(user) == [("github_failed", {"reason": f"error.github.{reason}"})]
    assert await house.living_tokens() == 0


async def test_github_that_never_answers_is_given_up(house: WebHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.github.ANSWER_SECONDS", 0.3)
    user = await house.user()
    browser = await house.browser()
    await browser.open(await house.links.begin(user))
    await house.control.fault("slow", path="/login/oauth/access_token", delay=5)
    await browser.press("Authorize as @ann")
    assert (browser.status, "GitHub does not answer" in browser.text) == (503, True)
    assert await nothing_saved(user)


async def test_a_callback_registered_elsewhere_is_told_in_the_chat(house: WebHouse) -> None:
    """The public address was changed and the OAuth application was not: GitHub sends the browser to the old one."""
    github = dataclasses.replace(house.links.github, redirect_uri="https://new.example.org/oauth/github/callback")  # type: ignore[type-var]
    links = dataclasses.replace(house.links, github=github)
    user = await house.user()
    browser = await house.browser()
    async with browser.session.get(await links.begin(user), allow_redirects=False) as answer:
        asked = URL(answer.headers["Location"])
    wrong = asked.update_query(redirect_uri="https://new.example.org/oauth/github/callback")
    await browser.open(str(wrong))
    assert URL(browser.url).query["error"] == "redirect_uri_mismatch"
    assert (browser.status, "GitHub did not accept this sign-in" in browser.text) == (502, True)
    assert await house.notices(user) == [("github_failed", {"reason": "error.github.refused"})]


@pytest.mark.parametrize("verified", [True, False])
async def test_an_address_is_kept_only_if_it_is_verified(house: WebHouse, verified: bool) -> None:
    await house.control.join("cat", emails=["cat@example.org", "work@example.org"], verified=verified)
    user = await house.linked(await house.user(), "cat")
    assert user.email == ("cat@example.org" if verified else None)


async def test_who_takes_the_addresses_scope_away_is_connected_without(house: WebHouse) -> None:
    await house.control.fault("error", path="/api/user/emails", status=404)
    user = await house.linked(await house.user())
    assert (user.github_username, user.email) == ("ann", None)


async def test_nothing_beyond_identity_is_asked(house: WebHouse) -> None:
    async with house.session.get(await house.links.begin(await house.user()), allow_redirects=False) as answer:
        asked = URL(answer.headers["Location"]).query
    assert asked["scope"] == "read:user user:email"
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert asked["redirect_uri"] == f"{house.root}/oauth/github/callback"
