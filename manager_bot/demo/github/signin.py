"""The sign-in pages: ``/login/oauth/authorize`` in a browser and ``/login/oauth/access_token`` for an application."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from manager_bot.demo.github.state import App, Code, Consent, GitHubState

SCOPES = frozenset({"user", "read:user", "user:email", "user:follow", "repo", "public_repo", "gist", "read:org"})
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
_HELP = "/apps/managing-oauth-apps/troubleshooting-"
_DENIED = "The user has denied your application access."
_MISMATCH = "The redirect_uri MUST match the registered callback URL for this application."

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>
body{{font:16px/1.5 system-ui,sans-serif;background:#f6f8fa;color:#1f2328;margin:0}}
main{{max-width:26rem;margin:3rem auto;padding:1.5rem;background:#fff;border:1px solid #d1d9e0;border-radius:.5rem}}
button{{font:inherit;width:100%;padding:.6rem;margin-top:.5rem;border:1px solid #d1d9e0;border-radius:.4rem}}
button.yes{{background:#1f883d;color:#fff;border-color:#1f883d}}small{{color:#59636e}}</style>
<main>{body}<p><small>An emulated GitHub, for the demo and for tests.</small></p></main></html>"""


@dataclass(frozen=True, slots=True)
class SignIn:
    """The two routes, over one state."""

    state: GitHubState

    def routes(self) -> list[web.RouteDef]:
        """Relative to GitHub's web root."""
        return [
            web.get("/login/oauth/authorize", self.authorize, allow_head=False),
            web.post("/login/oauth/authorize", self.decide),
            web.post("/login/oauth/access_token", self.exchange),
        ]

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """Ask the person in the browser; an application that asks wrongly is told so by redirection, as GitHub does."""
        query = request.query
        app = self.state.apps.get(query.get("client_id", ""))
        if app is None:
            return page(404, "Not Found", "<h1>404</h1><p>This is not the web page you are looking for.</p>")
        redirect_uri, state = query.get("redirect_uri", app.callback), query.get("state", "")
        if not app.admits(redirect_uri):
            return refused(app.callback, "redirect_uri_mismatch", _MISMATCH, state)
        if query.get("response_type", "code") != "code":
            return refused(redirect_uri, "unsupported_response_type", "Only code is supported.", state)
        challenge, method = query.get("code_challenge", ""), query.get("code_challenge_method", "")
        if (challenge or method) and (method != "S256" or not _CHALLENGE.fullmatch(challenge)):
            reason = "The code challenge method must be S256 and the challenge 43 characters of base64url."
            return refused(redirect_uri, "invalid_request", reason, state)
        scopes = tuple(sorted({one for one in re.split(r"[ ,]+", query.get("scope", "")) if one in SCOPES}))
        consent = Consent(app, redirect_uri, scopes, state, challenge)
        return page(200, "Authorize application", self._question(consent))

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """The person pressed a button; each consent screen counts once."""
        form = await request.post()
        consent = self.state.consents.pop(str(form.get("authenticity_token", "")), None)
        if consent is None:
            return page(422, "Unprocessable", "<h1>Your browser did something unexpected.</h1><p>Try again.</p>")
        if form.get("authorize") != "1":
            return refused(consent.redirect_uri, "access_denied", _DENIED, consent.state)
        try:
            account = self.state.account(str(form.get("account", "")))
        except ValueError:
            return page(422, "Unprocessable", "<h1>Sign in first.</h1>")
        code = self.state.grant(consent, account)
        return redirected(consent.redirect_uri, {"code": code, "state": consent.state})

    async def exchange(self, request: web.Request) -> web.StreamResponse:
        """A code for a token. GitHub answers a refusal with 200 and an ``error``, an unknown application with 404."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        as_json = "application/json" in request.headers.get("Accept", "")
        app = self.state.apps.get(form.get("client_id", ""))
        if app is None:
            return web.json_response({"error": "Not Found"}, status=404)
        error = self._wrong(form, app)
        if error is not None:
            return answer(error, as_json=as_json)
        code = self.state.redeem(form.get("code", ""), app.client_id)
        if code is None or not _verified(code, form.get("code_verifier", "")):
            reason = "The code passed is incorrect or expired."
            return answer(_error("bad_verification_code", reason), as_json=as_json)
        if code.consent.redirect_uri != form.get("redirect_uri", code.consent.redirect_uri):
            return answer(_error("redirect_uri_mismatch", _MISMATCH), as_json=as_json)
        token = {
            "access_token": self.state.issue(code),
            "scope": ",".join(code.consent.scopes),
            "token_type": "bearer",
        }
        return answer(token, as_json=as_json)

    def _wrong(self, form: Mapping[str, str], app: App) -> dict[str, str] | None:
        if not hmac.compare_digest(form.get("client_secret", ""), app.client_secret):
            reason = "The client_id and/or client_secret passed are incorrect."
            return _error("incorrect_client_credentials", reason)
        if form.get("grant_type", "authorization_code") != "authorization_code":
            return _error("unsupported_grant_type", "The grant type is not supported.")
        return None

    def _question(self, consent: Consent) -> str:
        number = html.escape(self.state.ask(consent))
        asked = ", ".join(consent.scopes) or "public data only"
        hidden = f'<input type="hidden" name="authenticity_token" value="{number}">'
        people = "".join(
            f'<form method="post" action="authorize">{hidden}<input type="hidden" name="account" value="{name}">'
            f'<button class="yes" name="authorize" value="1">Authorize as @{name}</button></form>'
            for name in (html.escape(one.login) for one in self.state.accounts.values())
        )
        cancel = (
            f'<form method="post" action="authorize">{hidden}<button name="authorize" value="0">Cancel</button></form>'
        )
        return (
            f"<h1>Authorize {html.escape(consent.app.client_id)}</h1><p>It wants: {html.escape(asked)}</p>"
            f"{people or '<p>Nobody has an account here yet.</p>'}{cancel}"
        )


def page(status: int, title: str, body: str) -> web.Response:
    """A page of GitHub's."""
    return web.Response(status=status, text=_PAGE.format(title=title, body=body), content_type="text/html")


def redirected(target: str, parameters: Mapping[str, str]) -> web.Response:
    """Send the browser on to the application, with *parameters* that are not empty."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    glue = "&" if "?" in target else "?"
    return web.Response(status=302, headers={"Location": f"{target}{glue}{query}"})


def refused(target: str, error: str, description: str, state: str) -> web.Response:
    """Tell the application by redirection."""
    return redirected(target, {**_error(error, description), "state": state})


def answer(values: Mapping[str, str], *, as_json: bool) -> web.Response:
    """JSON for whoever accepts it, a form for everyone else."""
    if as_json:
        return web.json_response(dict(values))
    return web.Response(text=urlencode(values), content_type="application/x-www-form-urlencoded")


def _error(name: str, description: str) -> dict[str, str]:
    return {"error": name, "error_description": description, "error_uri": f"{_HELP}{name.replace('_', '-')}"}


def _verified(code: Code, verifier: str) -> bool:
    """RFC 7636: whoever began with a challenge must know its verifier, and nobody else may send one."""
    challenge = code.consent.challenge
    if not challenge:
        return not verifier
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(digest, challenge)
