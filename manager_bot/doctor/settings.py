"""The settings, read as ``clawbot run`` reads them."""

from __future__ import annotations

from pathlib import Path

from manager_bot.config import Settings, load_settings
from manager_bot.doctor.check import Check, fail, ok, warn
from manager_bot.errors import SettingError
from manager_bot.vault import Vault

_NAME = "settings"
_FILE = Path(".env")


def read_settings() -> tuple[Settings | None, list[Check]]:
    """The settings if they are valid, and what is to be said about them."""
    try:
        settings = load_settings()
        Vault(settings.secret_keys)
    except SettingError as error:
        line, _, cure = str(error).partition(": ")
        return None, [fail(_NAME, line, cure)]
    return settings, [*_file(), _admins(settings)]


def _file() -> list[Check]:
    """Secrets stand in it."""
    if _FILE.exists() and _FILE.stat().st_mode & 0o077:
        return [warn(_NAME, f"{_FILE} can be read by others on this host", f"chmod 600 {_FILE}")]
    return []


def _admins(settings: Settings) -> Check:
    if not settings.admin_ids:
        return warn(
            _NAME,
            "valid, but nobody is an admin: no alert has a reader",
            "put your Telegram id into CLAWBOT_ADMIN_IDS (any “user info” bot tells it)",
        )
    github = "with GitHub" if settings.github_configured else "without GitHub"
    return ok(_NAME, f"valid; {len(settings.admin_ids)} admin(s); onboarding {github}")
