"""One log for everything, ours and the libraries', with no secret in it."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Mapping, MutableMapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import structlog
from structlog.typing import Processor

from manager_bot.config import Settings
from manager_bot.errors import OperatorError
from manager_bot.redaction import HIDDEN, redact_processor

_QUIETER: Mapping[str, int] = {
    "aiogram.event": logging.WARNING,  # a line for each update
    "aiohttp.access": logging.WARNING,  # a line for each request
    "apscheduler": logging.WARNING,  # a line for each run
    "tortoise": logging.INFO,  # its debug level shows every value of every row
    "aiosqlite": logging.INFO,
    "docker": logging.INFO,
    "urllib3": logging.INFO,
}
_SHORTEST_SECRET = 8


def set_up_logs(settings: Settings) -> None:
    """Send every record, also of the standard library's loggers, to stderr: redacted, for people or as JSON."""
    timestamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        timestamp,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = _ToStderr()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(settings)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name, level in _QUIETER.items():
        logging.getLogger(name).setLevel(max(level, root.level))
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def known_secrets(settings: Settings) -> tuple[str, ...]:
    """The secrets this process was given, also as they look inside a URL; longest first."""
    plain = [
        settings.bot_token.get_secret_value(),
        settings.gemini_api_key.get_secret_value(),
        settings.github_client_secret.get_secret_value(),
        settings.deadman_url.get_secret_value(),
        urlsplit(settings.deadman_url.get_secret_value()).path,
        *(key.get_secret_value() for key in settings.secret_keys),
        unquote(urlsplit(settings.database).password or ""),
    ]
    long_enough = {secret for secret in plain if len(secret) >= _SHORTEST_SECRET}
    return tuple(sorted(long_enough | {quote(secret, safe="") for secret in long_enough}, key=len, reverse=True))


def _rendering(settings: Settings) -> Sequence[Processor]:
    """The steps every record ends with; redaction stands behind whatever turns objects into words."""
    renderer: Processor
    if settings.log_format == "json":
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return (
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _operator_errors_in_one_line,
        structlog.processors.format_exc_info,
        redact_processor,
        _Literally(known_secrets(settings)),
        renderer,
    )


class _ToStderr(logging.Handler):
    """Never falls back to the standard library's report of a record it could not write: that shows it unredacted."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as error:
            line = f"a log record of {record.name} could not be written: {type(error).__name__}"
        with contextlib.suppress(OSError, ValueError):  # stderr is gone: there is nowhere left to say so
            sys.stderr.write(line + "\n")
            sys.stderr.flush()


class _Literally:
    """Hides known secrets wherever they stand, whatever their shape."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for name, value in event.items():
            event[name] = self._clean(value)
        return event

    def _clean(self, value: object) -> object:
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, HIDDEN)
            return value
        if isinstance(value, Mapping):
            return {key: self._clean(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._clean(inner) for inner in value]
        return value


def _operator_errors_in_one_line(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """An operator's mistake is one line with its cure; where in our code it was noticed helps nobody."""
    error = event.get("exc_info")
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, OperatorError):
        del event["exc_info"]
        event["error"] = str(error)
    return event


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("clawbot").critical("uncaught_error", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
