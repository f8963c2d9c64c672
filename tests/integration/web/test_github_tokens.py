"""The life and the end of GitHub tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fixtures.web_house import WebHouse, nothing_saved

from manager_bot.errors import GitHubMissing
from manager_bot.services.audit import Actor, Role
from models import LinkAttempt, Revocation


async def test_linking_again_replaces_the_token_and_ends_the_old_one(house: WebHouse) -> None:
    user = await house.linked(await house.user())
    old = user.github_token
    await house.linked(user)
    assert user.github_token != old
    assert await house.living_tokens() == 1


async def test_unlinking_revokes_even_if_github_is_away_at_first(house: WebHouse) -> None:
    user = await house.linked(await house.user())
    actor = Actor(user.telegram_id, Role.SUBSCRIBER)
    await house.control.fault("error", path="/api/applications/*", status=503)
    assert await house.tokens.unlink(user, actor) == "ann"
    assert await nothing_saved(user)
    assert await house.living_tokens() == 1
    await house.control.clear_faults()
    await house.tokens.revoke_due()
    assert await house.living_tokens() == 1, "too early"
    house.clock.offset = timedelta(minutes=2)
    await house.tokens.revoke_due()
    assert await house.living_tokens() == 0
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


async def test_no_token_and_no_code_stay_in_the_database(house: WebHouse) -> None:
    user = await house.user()
    await house.question(user)
    attempt = await LinkAttempt.get(user_id=user.id)
    kept = repr({name: getattr(attempt, name) for name in attempt._meta.db_fields})
    assert "gho_" not in kept
    assert attempt.verifier is None
