"""Agents' directories on the host.

What is below an agent's data directory belongs to the agent and is hostile ground: a directory may have
become a link to anywhere since we made it. So the parents, which only root can change, are opened once, and
everything below is reached through descriptors that refuse links. The config lies outside, owned by root.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from manager_bot.openclaw.tree import empty_directory, make_directory, opened

AGENT_UID = 1000
CONFIG_NAME = "openclaw.json"
_GOOD_NAME = "last-good.json"
_REFUSED_NAME = "refused"
_PARTS = ("workspace", ".openclaw")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Archive:
    """A removed agent's data, waiting to be recovered or purged."""

    name: str
    agent: str
    archived_at: datetime


@dataclass(frozen=True, slots=True)
class AgentFiles:
    """The directories of one installation's agents; every verb can be repeated.

    ``data`` holds ``<agent>/`` (mounted at ``/data``), ``config`` holds ``<agent>/openclaw.json`` (its directory
    mounted read-only, so that a rewritten file is seen: a mounted file would stay the old one), ``archive`` holds
    what was removed. All three must lie on one file system. Blocking; call it in a thread.
    """

    data: Path
    config: Path
    archive: Path

    @classmethod
    def below(cls, root: Path) -> AgentFiles:
        """The usual places: ``<root>/agents``, ``<root>/config`` and ``<root>/archive``."""
        return cls(root / "agents", root / "config", root / "archive")

    def data_dir(self, agent: str) -> Path:
        """What is mounted at ``/data``."""
        return self.data / _checked(agent)

    def config_dir(self, agent: str) -> Path:
        """What is mounted at ``/etc/openclaw``."""
        return self.config / _checked(agent)

    def prepare(self, agent: str) -> Path:
        """The agent's own directories exist, private and its own; a link in their place is replaced."""
        with _root(self.data) as parent, make_directory(parent, _checked(agent), 0o700, AGENT_UID, AGENT_UID) as home:
            for part in _PARTS:
                with make_directory(home, part, 0o700, AGENT_UID, AGENT_UID):
                    pass
        return self.data_dir(agent)

    def write_config(self, agent: str, content: bytes) -> Path:
        """Replace the config as a whole; the agent can read it and change nothing. Returns its directory."""
        with _root(self.config) as parent, make_directory(parent, _checked(agent), 0o750, 0, AGENT_UID) as directory:
            _replace(directory, CONFIG_NAME, content)
        return self.config_dir(agent)

    def read_config(self, agent: str) -> bytes | None:
        """The config as last written."""
        return _read(self.config_dir(agent) / CONFIG_NAME)

    def mark_good(self, agent: str) -> None:
        """Remember the present config: an agent got ready with it."""
        content = self.read_config(agent)
        if content is not None and content != _read(self.config_dir(agent) / _GOOD_NAME):
            with opened(None, str(self.config_dir(agent))) as directory:
                _replace(directory, _GOOD_NAME, content)

    def good_config(self, agent: str) -> bytes | None:
        """The last config an agent got ready with."""
        return _read(self.config_dir(agent) / _GOOD_NAME)

    def refuse(self, agent: str, name: str) -> None:
        """Remember by *name* a config that the agent refused."""
        with opened(None, str(self.config_dir(agent))) as directory:
            _replace(directory, _REFUSED_NAME, name.encode())

    def refused(self, agent: str) -> str | None:
        """The name of the config that was refused last."""
        name = _read(self.config_dir(agent) / _REFUSED_NAME)
        return None if name is None else name.decode()

    def used_mb(self, agent: str) -> int:
        """Disk space of the agent's data in MiB (``du`` follows no links and minds no depth)."""
        command = ["du", "-s", "-m", "-x", "--", str(self.data_dir(agent))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a checked name
        words = done.stdout.split()
        return int(words[0]) if words else 0

    def put_away(self, agent: str, now: datetime) -> str | None:
        """Move a removed agent's data into the archive and drop its config; the archive's name, if there was data."""
        self._drop(self.config, agent)
        name = f"{_checked(agent)}.{now.astimezone(UTC).strftime(_STAMP)}"
        with _root(self.data) as source, _root(self.archive) as target:
            try:
                os.rename(agent, name, src_dir_fd=source, dst_dir_fd=target)
            except FileNotFoundError:
                return None
        return name

    def bring_back(self, archive: str, agent: str) -> bool:
        """Give *agent* the archived data; false if the archive is gone. Its present data, if any, is removed."""
        if not (self.archive / _parsed(archive).name).exists():
            return False
        self._drop(self.data, agent)
        with _root(self.archive) as source, _root(self.data) as target:
            os.rename(archive, _checked(agent), src_dir_fd=source, dst_dir_fd=target)
        return True

    def archives(self) -> list[Archive]:
        """Everything archived, oldest first; what is not named as we name is not ours."""
        with _root(self.archive) as parent:
            names = os.listdir(parent)  # noqa: PTH208 - by descriptor
        found = [_parsed(name) for name in names if _is_archive(name)]
        return sorted(found, key=lambda one: (one.archived_at, one.name))

    def purge(self, archive: str) -> None:
        """Delete archived data for good."""
        self._drop(self.archive, _parsed(archive).name)

    def remove(self, agent: str) -> None:
        """Delete an agent's data and config at once; missing is success."""
        self._drop(self.config, _checked(agent))
        self._drop(self.data, agent)

    @staticmethod
    def _drop(root: Path, name: str) -> None:
        with _root(root) as parent:
            try:
                with opened(parent, name) as directory:
                    empty_directory(directory)
                os.rmdir(name, dir_fd=parent)
            except FileNotFoundError:
                return


@contextmanager
def _root(path: Path) -> Iterator[int]:
    """A directory of ours, made if missing, closed to everybody else on the host."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with opened(None, str(path)) as descriptor:
        yield descriptor


def _replace(directory: int, name: str, content: bytes) -> None:
    """Write beside, then rename: a reader sees the old file or the new one, a crash leaves one of them."""
    partial = f".{name}.partial"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(partial, flags, 0o440, dir_fd=directory)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchmod(descriptor, 0o440)
        os.fchown(descriptor, 0, AGENT_UID)
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)
    os.rename(partial, name, src_dir_fd=directory, dst_dir_fd=directory)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _checked(agent: str) -> str:
    if not _NAME.fullmatch(agent):
        raise ValueError(f"not a name for an agent's directory: {agent!r}")
    return agent


def _is_archive(name: str) -> bool:
    try:
        _parsed(name)
    except ValueError:
        return False
    return True


def _parsed(name: str) -> Archive:
    """``<agent>.<UTC time>``; raises ``ValueError`` for any other name."""
    agent, _, stamp = name.partition(".")
    moment = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    return Archive(name, _checked(agent), moment)
