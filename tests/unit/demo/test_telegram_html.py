"""Telegram's HTML, complaint by complaint."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manager_bot.demo.telegram.formatting import formatted, utf16_length
from manager_bot.demo.telegram.html import HtmlError, parse_html


@pytest.mark.parametrize(
    ("source", "plain", "kinds"),
    [
        ("<B>x</b>", "x", ["bold"]),
        ("<b>x</>", "x", ["bold"]),
        ("<b></b>x", "x", []),
        (
            "<strong>a</strong><em>b</em><ins>c</ins><del>d</del>",
            "abcd",
            ["bold", "italic", "underline", "strikethrough"],
        ),
        ('<span class="tg-spoiler">x</span>', "x", ["spoiler"]),
        ("<blockquote expandable>x</blockquote>", "x", ["expandable_blockquote"]),
        ("<a href='tg://user?id=1'>x</a>", "x", ["text_link"]),
        ("<a>x</a>", "x", []),
        ('<tg-emoji emoji-id="5">👍</tg-emoji>', "👍", ["custom_emoji"]),
        ("&#x1F600;&#65;&amp;&unknown;&", "😀A&&unknown;&", []),
    ],
)
def test_what_is_taken(source: str, plain: str, kinds: list[str]) -> None:
    text, spans = parse_html(source)
    assert text == plain
    assert [span.type for span in spans] == kinds


def test_a_code_block_with_a_language_is_one_entity() -> None:
    _, spans = parse_html('<pre><code class="language-python">x = 1</code></pre>')
    assert [(span.type, span.language) for span in spans] == [("pre", "python")]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("<b", "Unclosed start tag at byte offset 0"),
        ('<a href="x>y</a>', "Unclosed start tag at byte offset 0"),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("<b />x</b>", 'Empty attribute name in the tag "b" at byte offset 0'),
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
    ],
)
def test_what_is_refused(source: str, complaint: str) -> None:
    with pytest.raises(HtmlError, match=f"^{complaint}$"):
        parse_html(source)


@given(st.text())
def test_escaped_text_always_comes_back_whole(text: str) -> None:
    assert parse_html(html.escape(text)) == (text, ())


@given(st.text(alphabet="<>/b &;a=\"'😀x"))
def test_no_input_breaks_the_parser(source: str) -> None:
    try:
        text, spans = parse_html(source)
    except HtmlError:
        return
    for span in spans:
        assert 0 <= span.offset < span.offset + span.length <= utf16_length(text)


@given(st.text(alphabet=" \n😀ab"))
def test_entities_stay_inside_the_trimmed_text(text: str) -> None:
    content = formatted(f"<b>{text}</b>", "HTML", None)
    assert content.text == text.strip()
    for entity in content.entities:
        assert (entity.offset, entity.length) == (0, utf16_length(content.text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start now", [("bot_command", 0, 6)]),
        ("/start@clawbot", [("bot_command", 0, 14)]),
        ("a/b 1/2", []),
        ("see https://x.org/a.", [("url", 4, 15)]),
        ("😀 @ann_b", [("mention", 3, 6)]),
    ],
)
def test_commands_and_links_are_found(text: str, found: list[tuple[str, int, int]]) -> None:
    assert [(e.type, e.offset, e.length) for e in formatted(text, None, None).entities] == found
