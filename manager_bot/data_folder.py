"""The installation's folder on the host: bot tokens (sealed), agents' files, archives. Nobody else may look in."""

from __future__ import annotations

import stat
from pathlib import Path

from manager_bot.errors import OperatorError

_OURS = frozenset({"agents", "config", "archive"})


def make_private(folder: Path) -> None:
    """*folder* exists afterwards with mode 0700; raises :class:`OperatorError` where that would surprise its owner.

    A folder that is open to others and holds anything foreign is refused, not closed: it may be ``/srv`` itself.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0:
            return
        foreign = sorted(one.name for one in folder.iterdir() if not _is_ours(one.name))
        if foreign:
            raise OperatorError(
                f"{folder} is open to others and holds more than ClawBot's data ({foreign[0]}): "
                "set CLAWBOT_DATA_DIR to a folder of its own"
            )
        folder.chmod(0o700)
    except OSError as error:
        raise OperatorError(f"{folder} cannot be used ({error.strerror}): set CLAWBOT_DATA_DIR") from None


def _is_ours(name: str) -> bool:
    return name in _OURS or name.startswith("clawbot.db")
