"""Directories reached through descriptors that refuse links, for trees that somebody else may change."""

from __future__ import annotations

import errno
import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened(parent: int | None, name: str) -> Iterator[int]:
    """A directory's descriptor; a link or a file in its place is refused (``OSError``)."""
    descriptor = os.open(name, _DIRECTORY, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def make_directory(parent: int, name: str, mode: int, uid: int, gid: int) -> Iterator[int]:
    """The directory *name* of *parent* exists with this mode and owner; whatever else stood there is unlinked."""
    if not _is_directory(parent, name):
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=parent)
        os.mkdir(name, mode, dir_fd=parent)
    with opened(parent, name) as descriptor:
        os.fchown(descriptor, uid, gid)
        os.fchmod(descriptor, mode)
        yield descriptor


def empty_directory(directory: int) -> None:
    """Remove everything in *directory*, however deep.

    Deeper directories are moved up first, so that neither the call stack nor the open files grow with the
    depth: an agent could nest thousands of levels to make its removal fail.
    """
    names = itertools.count()
    while entries := os.listdir(directory):
        for name in entries:
            if not _is_directory(directory, name):
                _unlink(directory, name)
                continue
            with opened(directory, name) as child:
                for inner in os.listdir(child):  # noqa: PTH208 - by descriptor
                    if _is_directory(child, inner):
                        _move_up(child, inner, directory, names)
                    else:
                        _unlink(child, inner)
            os.rmdir(name, dir_fd=directory)


def _move_up(child: int, name: str, directory: int, names: Iterator[int]) -> None:
    """Move to a name of ours; one that an agent took already is passed over."""
    for number in names:
        try:
            os.rename(name, f".removed-{os.getpid()}-{number}", src_dir_fd=child, dst_dir_fd=directory)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:
                raise
            continue
        return


def _unlink(parent: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=parent)


def _is_directory(parent: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode)
    except FileNotFoundError:
        return False
