"""No secret survives, whatever stands around it; ordinary text does."""

import base64
from urllib.parse import quote

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from manager_bot.redaction import HIDDEN, redact, redact_processor

_WORD = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=35, max_size=35)
_PLAIN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=36, max_size=36)

SECRETS = st.one_of(
    st.builds("{}:{}".format, st.integers(10_000_000, 99_999_999_999), _WORD),
    st.builds("AIza{}".format, _WORD),
    st.builds("ghp_{}".format, _PLAIN),
    st.builds("gho_{}".format, _PLAIN),
    st.builds("github_pat_{}".format, _PLAIN),
    st.binary(min_size=32, max_size=32)
    .map(lambda raw: Fernet(base64.urlsafe_b64encode(raw)))
    .map(lambda box: box.encrypt(b"x").decode()),
    st.binary(min_size=32, max_size=32).map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")),
)
AROUND = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40).map(
    lambda t: t + " "
)


@given(AROUND, SECRETS, st.text(max_size=40))
def test_a_secret_among_any_words_is_gone(before, secret, after):
    assert secret not in redact(f"{before}{secret} {after}")


@given(st.text(max_size=200))
def test_redacting_twice_changes_nothing_more(text):
    assert redact(redact(text)) == redact(text)


@given(st.lists(SECRETS, min_size=1, max_size=4))
def test_several_secrets_in_a_line_are_all_gone(secrets):
    shown = redact(" and ".join(secrets))
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("https://api.telegram.org/bot123456789:AAHfake-fake_fakefakefakefakefakefake12/getMe", "AAHfake"),
        ("https://api.telegram.org/file/bot123456789%3AAAHfake-fake_fakefakefakefakefakefake12/a.jpg", "AAHfake"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("{'x-goog-api-key': 'short-own-key'}", "short-own-key"),
        ("postgres://clawbot:hunter22@db:5432/clawbot", "hunter22"),
        ("redis://:hunter22@cache", "hunter22"),
        ("CLAWBOT_SECRET_KEYS=3rJ2dbIBNq5qS-aa3XgLAhWmWCW3ZjLwltRKMdOnTYA=", "="),
        ("gateway key Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF", "Zm9v"),
        ("?key=AIzaSyA-1234567890123456789012345678901&x=1", "AIza"),
        ("password: correct-horse", "correct"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"),
    ],
)
def test_known_places_of_secrets(text, secret):
    shown = redact(text)
    assert secret not in shown.replace("CLAWBOT_SECRET_KEYS=", "")
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "text",
    [
        "agent 12 started in 9.3 s, exit code 137, at 2026-09-06 12:30:45",
        "http://172.30.0.1:8787/v1beta/models/clawbot:streamGenerateContent?alt=sse",
        "container 3f2504e04f8911d39a0c0305e82c33013f2504e04f8911d39a0c0305e82c3301 exited",
        "totalTokenCount: 12345 of 1000000 tokens",
        "Привет, 世界: user 123456789 wrote 42 words",
    ],
)
def test_ordinary_lines_stay_readable(text):
    assert redact(text) == text


def test_a_structlog_event_is_redacted_to_its_depths():
    token = "123456789:AAHfake-fake_fakefakefakefakefakefake12"
    event = redact_processor(
        None, "info", {"event": f"got {token}", "deep": {"list": [token, 7]}, "error": OSError(token)}
    )
    assert token not in repr(event)
    assert event["deep"]["list"][1] == 7


@given(SECRETS, st.integers(0, 3))
def test_a_secret_packed_in_base64_is_gone(secret, before):
    for packed in (base64.b64encode, base64.urlsafe_b64encode):
        line = packed(f'{"x" * before}{{"token":"{secret}"}}'.encode()).decode()
        for shown in (f"got {line}", f"auth={line}", f"https://host/{line}?x=1", line.rstrip("=")):
            assert HIDDEN in redact(shown)
            assert line[12:36] not in redact(shown)


@given(SECRETS)
def test_a_secret_written_with_percent_signs_is_gone(secret):
    once = quote(secret, safe="")
    every = "".join(f"%{ord(one):02x}" for one in secret)
    for line in (once, quote(once, safe=""), every):
        assert line[-20:] not in redact(f"GET /x?t={line}&y=1")
