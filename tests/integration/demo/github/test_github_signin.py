"""The emulated GitHub's strictness, over raw HTTP."""

from __future__ import annotations

import aiohttp
import pytest
from github_http import CALLBACK, CHALLENGE, CLIENT, SECRET, VERIFIER, GitHub

from manager_bot.demo.client import WorldClient


async def test_a_consent_becomes_a_code_a_token_and_an_identity(github: GitHub) -> None:
    body = await github.exchange(await github.code())
    assert body["token_type"] == "bearer"
    assert body["scope"] == "read:user,user:email"
    token = body["access_token"]
    assert token.startswith("gho_")
    assert len(token) == 40
    status, user = await github.api("user", token)
    assert (status, user["login"], user["email"]) == (200, "ann", None)
    assert isinstance(user["id"], int)
    _, emails = await github.api("user/emails", token)
    assert [one["email"] for one in emails if one["primary"]] == ["ann@example.org"]


async def test_a_code_counts_once_and_for_ten_minutes(github: GitHub, world: WorldClient) -> None:
    code = await github.code()
    assert "access_token" in await github.exchange(code)
    assert (await github.exchange(code))["error"] == "bad_verification_code"
    late = await github.code()
    await world.advance(601)
    assert (await github.exchange(late))["error"] == "bad_verification_code"


@pytest.mark.parametrize("verifier", ["", "w" * 43, "short", CHALLENGE])
async def test_pkce_is_checked(github: GitHub, verifier: str) -> None:
    code = await github.code()
    assert (await github.exchange(code, code_verifier=verifier))["error"] == "bad_verification_code"
    assert (await github.exchange(code))["error"] == "bad_verification_code"


async def test_a_verifier_without_a_challenge_is_refused(github: GitHub) -> None:
    code = await github.code(code_challenge="", code_challenge_method="")
    assert (await github.exchange(code, code_verifier=VERIFIER))["error"] == "bad_verification_code"


@pytest.mark.parametrize(
    "wrong", [{"code_challenge_method": "plain"}, {"code_challenge_method": ""}, {"code_challenge": "abc"}]
)
async def test_only_s256_will_do(github: GitHub, wrong: dict[str, str]) -> None:
    status, _, parameters = await github.authorize(**wrong)
    assert (status, parameters["error"], parameters["state"]) == (302, "invalid_request", "st")


async def test_a_foreign_redirect_goes_to_the_registered_callback(github: GitHub) -> None:
    status, _, parameters = await github.authorize(redirect_uri="http://evil.example/oauth/github/callback")
    assert (status, parameters["error"], parameters["to"]) == (302, "redirect_uri_mismatch", CALLBACK)
    status, _, _ = await github.authorize(redirect_uri=CALLBACK + "x")
    assert status == 302
    code = await github.code()
    assert (await github.exchange(code, redirect_uri=CALLBACK + "/x"))["error"] == "redirect_uri_mismatch"


async def test_wrong_applications_and_secrets(github: GitHub) -> None:
    assert (await github.authorize(client_id="nobody"))[0] == 404
    code = await github.code()
    assert (await github.exchange(code, client_secret="x"))["error"] == "incorrect_client_credentials"
    assert (await github.exchange(code, client_id="nobody"))["error"] == "Not Found"
    assert (await github.exchange(code, grant_type="password"))["error"] == "unsupported_grant_type"


async def test_a_person_may_decline_and_a_consent_counts_once(github: GitHub) -> None:
    _, page, _ = await github.authorize()
    declined = await github.decide(page, yes=False)
    assert (declined["error"], declined["state"]) == ("access_denied", "st")
    assert (await github.decide(page))["status"] == "422"
    _, page, _ = await github.authorize()
    assert (await github.decide(page, account="nobody"))["status"] == "422"


async def test_addresses_need_their_scope_and_every_call_a_token(github: GitHub) -> None:
    token = await github.token(scope="read:user")
    assert (await github.api("user", token))[0] == 200
    assert (await github.api("user/emails", token))[0] == 404
    assert (await github.api("user", None))[1]["message"] == "Requires authentication"
    assert (await github.api("user", "gho_" + "x" * 36))[1]["message"] == "Bad credentials"
    assert (await github.api("user", token, scheme="Basic"))[0] == 401
    assert (await github.api("repos", token))[0] == 404


async def test_a_token_ends_by_the_application_and_by_the_person(github: GitHub) -> None:
    token = await github.token()
    assert await github.end(token, secret="wrong") == 401
    assert await github.end(token, client="other") == 404
    assert await github.end(token, method="POST") == 200
    assert await github.end(token) == 204
    assert await github.end(token) == 422
    assert await github.end(token, method="POST") == 404
    assert (await github.api("user", token))[0] == 401
    second = await github.token()
    assert len((await github.control.account("ann"))["tokens"]) == 1
    await github.control.withdraw("ann")
    assert (await github.api("user", second))[0] == 401


async def test_without_json_accepted_the_answer_is_a_form(github: GitHub) -> None:
    form = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "code": await github.code(),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    async with github.session.post(f"{github.control.web_root}/login/oauth/access_token", data=form) as answer:
        assert answer.content_type == "application/x-www-form-urlencoded"
        assert (await answer.text()).startswith("access_token=gho_")


async def test_faults_strike_where_and_as_often_as_asked(github: GitHub) -> None:
    await github.control.fault("error", path="/api/user", status=502, count=1)
    token = await github.token()
    assert (await github.api("user", token))[0] == 502
    assert (await github.api("user", token))[0] == 200
    await github.control.fault("drop", path="/login/*")
    with pytest.raises(aiohttp.ClientError):
        await github.authorize()
    await github.control.clear_faults()
    await github.control.fault("html", path="/login/oauth/authorize", status=503)
    status, page, _ = await github.authorize()
    assert status == 503
    assert "<html" in page
    with pytest.raises(ValueError, match="kind must be one of"):
        await github.control.fault("nonsense")


async def test_unknown_paths_methods_and_silent_callers(github: GitHub) -> None:
    async with github.session.get(f"{github.control.web_root}/settings") as answer:
        assert answer.status == 404
    async with github.session.get(f"{github.control.web_root}/login/oauth/access_token") as answer:
        assert answer.status == 404
    headers = {"User-Agent": "", "Authorization": f"Bearer {await github.token()}"}
    async with github.session.get(f"{github.control.api_root}/user", headers=headers) as answer:
        assert answer.status == 403
    assert {"method": "GET", "path": "/api/user", "status": 403} in await github.control.calls()
