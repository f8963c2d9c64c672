"""Whatever is logged, by whomever: one line, redacted; an operator's mistake without a traceback."""

from __future__ import annotations

import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
import structlog
from fixtures.settings import MakeSettings
from pydantic import SecretStr

from manager_bot.config import Settings
from manager_bot.errors import OperatorError
from manager_bot.logs import known_secrets, set_up_logs

TOKEN = "1234567890:" + "A" * 35
ODD_KEY = "no/shape+at all"
"""A secret no pattern could know."""
WATCHER = "https://watcher.example.org/ping/5f2c-odd-id"
"""An address that is a secret: whoever calls it keeps the alarm silent."""


@pytest.fixture(params=["console", "json"])
def settings(
    request: pytest.FixtureRequest, make_settings: MakeSettings, capsys: pytest.CaptureFixture[str]
) -> Iterator[Settings]:
    """Logging as the format says, to the captured stderr, put back afterwards."""
    root = logging.getLogger()
    before = (root.level, sys.excepthook, threading.excepthook)
    settings = make_settings(
        log_format=request.param,
        bot_token=SecretStr(TOKEN),
        gemini_api_key=SecretStr(ODD_KEY),
        deadman_url=SecretStr(WATCHER),
        database_url="postgres://clawbot:p%40ss-of-the-db@127.0.0.1/clawbot",
    )
    set_up_logs(settings)
    (handler,) = root.handlers
    yield settings
    root.level, sys.excepthook, threading.excepthook = before
    root.handlers[:] = [one for one in root.handlers if one is not handler]
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def test_no_known_secret_gets_out_by_any_way(settings: Settings, capsys: pytest.CaptureFixture[str]):
    ours, theirs = structlog.get_logger("ours"), logging.getLogger("aiohttp.client")
    url = f"https://api.telegram.org/bot{TOKEN}/getMe?key=no%2Fshape%2Bat%20all"
    ours.info("asked", url=url, nested={"list": [ODD_KEY, 5]}, settings_key=settings.gemini_api_key)
    ours.info(f"said {ODD_KEY}")
    theirs.warning("failed for %s", url)
    theirs.error("connecting with p@ss-of-the-db")
    theirs.error("no answer from %s to GET /ping/5f2c-odd-id", WATCHER)
    try:
        raise ConnectionError(f"cannot connect to {url} with {ODD_KEY}")  # noqa: TRY301 - the point
    except ConnectionError:
        ours.exception("our failure")
        theirs.exception("their failure")
    sys.excepthook(ValueError, ValueError(f"uncaught {ODD_KEY}"), None)

    written = capsys.readouterr().err
    for secret in (TOKEN, ODD_KEY, "no%2Fshape", "p@ss-of-the-db", "5f2c-odd-id"):
        assert secret not in written
    assert written.count("[redacted]") >= 11
    assert "ConnectionError: cannot connect to https://api.telegram.org/bot[redacted]/getMe" in written
    assert "uncaught_error" in written


def test_an_operators_mistake_is_logged_without_a_traceback(settings: Settings, capsys: pytest.CaptureFixture[str]):
    try:
        raise OperatorError("the disk is full: buy another")  # noqa: TRY301 - the point
    except OperatorError:
        structlog.get_logger("ours").exception("cannot_go_on")
        logging.getLogger("theirs").exception("cannot go on either")
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 2
    assert "Traceback" not in written
    assert written.count("the disk is full: buy another") == 2


def test_threads_and_warnings_are_heard_too(settings: Settings, capsys: pytest.CaptureFixture[str]):
    error = RuntimeError(f"in a thread, {TOKEN}")
    threading.excepthook(threading.ExceptHookArgs((RuntimeError, error, None, None)))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(f"old, {TOKEN}", DeprecationWarning, stacklevel=1)
    written = capsys.readouterr().err
    assert "in a thread, [redacted]" in written
    assert "old, [redacted]" in written


@pytest.mark.parametrize("settings", ["json"], indirect=True)
def test_json_is_one_object_a_line_with_time_level_and_logger(settings: Settings, capsys: pytest.CaptureFixture[str]):
    structlog.get_logger("ours").warning("agent_look_failed", agent_id=7)
    logging.getLogger("theirs").info("hello %s", "you")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["event"], first["agent_id"], first["level"], first["logger"]) == (
        "agent_look_failed",
        7,
        "warning",
        "ours",
    )
    assert (second["event"], second["level"]) == ("hello you", "info")
    assert first["timestamp"].endswith("Z")


def test_a_record_that_cannot_be_written_is_not_shown_raw(settings: Settings, capsys: pytest.CaptureFixture[str]):
    class Broken:
        def __repr__(self) -> str:
            raise ValueError(TOKEN)

    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if type(one).__module__ == "manager_bot.logs"]  # not pytest's own
    structlog.get_logger("ours").info("look", at=Broken())
    logging.getLogger("theirs").info("%d of %s", TOKEN)  # noqa: PLE1206 - the point
    written = capsys.readouterr().err
    assert written.splitlines() == [
        "a log record of ours could not be written: ValueError",
        "a log record of theirs could not be written: TypeError",
    ]


@pytest.mark.parametrize("settings", ["json"], indirect=True)
def test_noisy_libraries_keep_quiet(settings: Settings, capsys: pytest.CaptureFixture[str]):
    logging.getLogger("aiohttp.access").info("GET /")
    logging.getLogger("apscheduler.executors").info("ran")
    structlog.get_logger("ours").debug("detail")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("settings", ["json"], indirect=True)
def test_short_values_are_no_secrets(settings: Settings, make_settings: MakeSettings):
    """Else a test's one-letter key would black out every line."""
    assert all(len(secret) >= 8 for secret in known_secrets(make_settings(gemini_api_key=SecretStr("g"))))
