"""A person's web browser, as far as a sign-in needs one: cookies, redirections, forms and buttons."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import aiohttp

_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_INPUT = re.compile(r"<input\b([^>]*)>")
_BUTTON = re.compile(r"<button\b([^>]*)>(.*?)</button>", re.DOTALL)
_LINK = re.compile(r"<a\b([^>]*)>(.*?)</a>", re.DOTALL)
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]+>", re.DOTALL)


@dataclass(slots=True)
class Browser:
    """One browser with a cookie jar of its own; `async with Browser() as browser`."""

    session: aiohttp.ClientSession = field(init=False)
    url: str = ""
    status: int = 0
    source: str = ""

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()

    @property
    def text(self) -> str:
        """What is to be read on the page."""
        return " ".join(html.unescape(_TAG.sub(" ", self.source)).split())

    async def open(self, url: str) -> str:
        """Type an address; redirections are followed. The text of the page."""
        return await self._load("GET", url, {})

    async def press(self, label: str) -> str:
        """Press the button whose text contains *label*; the text of the next page."""
        for attributes, inside in _FORM.findall(self.source):
            for button, text in _BUTTON.findall(inside):
                if label not in html.unescape(_TAG.sub("", text)):
                    continue
                form = _attributes(attributes)
                fields = [_attributes(one) for one in (*_INPUT.findall(inside), button)]
                values = {one["name"]: one.get("value", "") for one in fields if "name" in one}
                return await self._load(form.get("method", "get").upper(), urljoin(self.url, form["action"]), values)
        raise AssertionError(f"there is no button {label!r} on the page: {self.text}")

    def link(self, label: str) -> str:
        """Where the link whose text contains *label* leads."""
        for attributes, text in _LINK.findall(self.source):
            if label in html.unescape(_TAG.sub("", text)):
                return urljoin(self.url, _attributes(attributes)["href"])
        raise AssertionError(f"there is no link {label!r} on the page: {self.text}")

    async def _load(self, method: str, url: str, values: dict[str, str]) -> str:
        given = {"data": values} if method == "POST" else {"params": values or None}
        async with self.session.request(method, url, **given) as answer:
            self.url, self.status, self.source = str(answer.url), answer.status, await answer.text()
        return self.text


def _attributes(text: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(text)}
