"""The GitHub screens: connect, connected, unlink."""

from __future__ import annotations

from manager_bot.services.links import WAITING_CARD, Links
from manager_bot.telegram.callbacks import Go, Goto, Unlink
from manager_bot.telegram.view import Key, View, back, cancel
from manager_bot.telegram.words import Words
from models import User


async def github_card(words: Words, user: User, links: Links) -> View:
    """How it stands with GitHub: the way to connect it, or what is connected."""
    return _connected(words, user) if user.github_id is not None else await _connect(words, user, links)


def unlink_card(words: Words, user: User) -> View:
    """Ask once more."""
    sure = Key(words("button.github.sure"), Unlink())
    return View(
        "github_unlink", words("github.unlink", login=user.github_username), ([sure, back(words, Goto.GITHUB)],)
    )


async def _connect(words: Words, user: User, links: Links) -> View:
    """With a link of its own each time: one use, ten minutes. The card goes on by itself when it was used."""
    go = Key(words("button.github.open"), url=await links.begin(user))
    again = Key(words("button.github.again"), Go(to=Goto.GITHUB))
    return View(WAITING_CARD, words("github.connect"), ([go], [again], [back(words, Goto.HOME), cancel(words)]))


def _connected(words: Words, user: User) -> View:
    key = "github.connected" if user.github_token else "github.connected.without_key"
    unlink = Key(words("button.github.unlink"), Go(to=Goto.UNLINK))
    return View(
        "github_connected",
        words(key, login=user.github_username),
        ([unlink], [Key(words("button.home"), Go(to=Goto.HOME))]),
    )
