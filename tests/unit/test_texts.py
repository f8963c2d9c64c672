"""Catalogues: keys, plurals, escaping, the nearest language."""

from __future__ import annotations

from pathlib import Path

import pytest

from manager_bot.texts import Html, Texts

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
ENGLISH = (
    HEAD
    + '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    + 'msgid "hello"\nmsgstr "Hello, {name}!"\n\n'
    + 'msgid "agents"\nmsgid_plural "agents"\nmsgstr[0] "{n} agent"\nmsgstr[1] "{n} agents"\n'
)
RUSSIAN = (
    HEAD
    + '"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 '
    + '&& (n%100<10 || n%100>=20) ? 1 : 2);\\n"\n\n'
    + 'msgid "hello"\nmsgstr "Привет, {name}!"\n\n'
    + 'msgid "agents"\nmsgid_plural "agents"\nmsgstr[0] "{n} агент"\nmsgstr[1] "{n} агента"\nmsgstr[2] "{n} агентов"\n'
)


@pytest.fixture
def texts(tmp_path: Path) -> Texts:
    for language, content in (("en", ENGLISH), ("ru", RUSSIAN)):
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "clawbot.po").write_text(content)
    return Texts.load(tmp_path)


def test_values_are_escaped_unless_they_are_html(texts: Texts) -> None:
    assert texts.get("en", "hello", name="<b>Ann</b>") == "Hello, &lt;b&gt;Ann&lt;/b&gt;!"
    assert texts.get("en", "hello", name=Html("<b>Ann</b>")) == "Hello, <b>Ann</b>!"


@pytest.mark.parametrize(
    ("language", "n", "expected"),
    [
        ("en", 1, "1 agent"),
        ("en", 2, "2 agents"),
        ("ru", 21, "21 агент"),
        ("ru", 3, "3 агента"),
        ("ru", 11, "11 агентов"),
    ],
)
def test_each_language_has_its_own_plurals(texts: Texts, language: str, n: int, expected: str) -> None:
    assert texts.get(language, "agents", n=n) == expected


@pytest.mark.parametrize(("code", "expected"), [("ru-RU", "ru"), ("RU", "ru"), ("de", "en"), (None, "en"), ("", "en")])
def test_the_nearest_language_of_a_client(texts: Texts, code: str | None, expected: str) -> None:
    assert texts.nearest(code) == expected


def test_an_unknown_key_is_a_defect(texts: Texts) -> None:
    with pytest.raises(KeyError):
        texts.get("en", "no.such.key")
