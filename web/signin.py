"""Signing in with GitHub, as the browser sees it. Handlers call one use case and show one page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import aiohttp_jinja2
from aiohttp import web
from markupsafe import Markup

from manager_bot.errors import (
    ClawBotError,
    GitHubRefused,
    GitHubTaken,
    GitHubUnavailable,
    LinkDeclined,
    LinkExpired,
    LinkForeign,
    LinkUsed,
    Suspended,
)
from manager_bot.services import browser_cookie
from manager_bot.services.links import LIFETIME, Links, Question
from web.assets import STYLE
from web.keys import MANAGER, SECURE, TEXTS
from web.words import Words, preferred

START: Final = "/oauth/github/start"
CALLBACK: Final = "/oauth/github/callback"
READ_SECONDS: Final = 10
LONGEST: Final = 200
"""Characters of any value a browser sends; ours have 43."""

_STATUSES: Final[dict[type[ClawBotError], int]] = {
    LinkExpired: 410,
    LinkUsed: 410,
    LinkForeign: 403,
    LinkDeclined: 200,
    GitHubTaken: 409,
    GitHubRefused: 502,
    GitHubUnavailable: 503,
    Suspended: 403,
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """The three routes of the sign-in."""

    links: Links

    async def start(self, request: web.Request) -> web.StreamResponse:
        """The link from the chat: on to GitHub, with a cookie to come back with."""
        try:
            departure = await self.links.open(_value(request, "ticket"), _cookie(request))
        except ClawBotError as error:
            return _failed(request, error)
        answer = web.Response(status=302, headers={"Location": departure.url})
        answer.set_cookie(
            _cookie_name(request),
            departure.browser,
            max_age=int(LIFETIME.total_seconds()),
            path="/",
            httponly=True,
            secure=request.app[SECURE],
            samesite="Lax",
        )
        return answer

    async def callback(self, request: web.Request) -> web.StreamResponse:
        """Back from GitHub: ask the person, by name, before anything is saved."""
        state, browser = _value(request, "state"), _cookie(request)
        try:
            if "code" not in request.query:
                await self.links.decline(state, _value(request, "error"), browser)
            question = await self.links.arrive(state, _value(request, "code"), browser)
        except ClawBotError as error:
            return _failed(request, error)
        return _asked(request, question)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The person pressed Connect or Cancel, on our own page."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise web.HTTPForbidden
        async with asyncio.timeout(READ_SECONDS):
            form = await request.post()
        consent, browser = str(form.get("consent", ""))[:LONGEST], _cookie(request)
        try:
            if form.get("answer") != "connect":
                await self.links.cancel(consent, browser)
                raise LinkDeclined
            linked = await self.links.confirm(consent, browser)
        except ClawBotError as error:
            return _failed(request, error)
        words = Words(request.app[TEXTS], linked.language)
        return _page(
            request, words, "done", title=words("web.done.title"), text=words("web.done.text", login=linked.login)
        )


def _asked(request: web.Request, question: Question) -> web.Response:
    words = Words(request.app[TEXTS], question.language)
    who = f"{question.name} (@{question.username})" if question.username else question.name
    return _page(
        request,
        words,
        "confirm",
        title=words("web.confirm.title"),
        text=words("web.confirm.text", login=question.login, who=who),
        warning=words("web.confirm.warning"),
        kept=words("web.confirm.kept"),
        yes=words("web.confirm.yes"),
        no=words("web.confirm.no"),
        consent=question.consent,
        action=CALLBACK,
    )


def _failed(request: web.Request, error: ClawBotError) -> web.Response:
    """Say what went wrong, in the browser's language: whose sign-in it was is not known, or not to be told."""
    texts = request.app[TEXTS]
    words = Words(texts, preferred(request.headers.get("Accept-Language", ""), texts.languages))
    text = words(error.key, **error.values)
    answer = _page(request, words, "failed", title=words("web.failed.title"), text=text)
    answer.set_status(_STATUSES.get(type(error), 500))
    return answer


def _page(request: web.Request, words: Words, kind: str, **shown: str | Markup) -> web.Response:
    manager = request.app[MANAGER]()
    context = {
        "kind": kind,
        "language": words.language,
        "style": STYLE,
        "back": words("web.return"),
        "telegram": f"https://t.me/{manager}" if manager else None,
        **shown,
    }
    return aiohttp_jinja2.render_template("signin.html", request, context)


def _cookie_name(request: web.Request) -> str:
    """With HTTPS a name that no other host of our domain can set."""
    return "__Host-clawbot-link" if request.app[SECURE] else "clawbot-link"


def _cookie(request: web.Request) -> str | None:
    value = request.cookies.get(_cookie_name(request))
    return value[: browser_cookie.LENGTH] if value else None


def _value(request: web.Request, name: str) -> str:
    return request.query.get(name, "")[:LONGEST]
