"""What making and trying an agent image asks of a container engine (only the runtime package may talk to one)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from manager_bot.errors import OperatorError


class ImageError(OperatorError):
    """The agent image cannot be had; one line with the cure."""


class RegistryUnreachable(ImageError):
    """No registry answers where the image should come from; what it holds was never asked."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a tried container may use: MiB of memory, MiB of swap on top, cores (``None``: all)."""

    memory_mb: int
    swap_mb: int = 0
    cpu: float | None = None


@dataclass(frozen=True, slots=True)
class TrialState:
    """A tried container at one moment."""

    running: bool
    exit_code: int
    oom_killed: bool
    address: str


@dataclass(frozen=True, slots=True)
class Weight:
    """What a tried container takes of the host in MiB: as it is, and once its memory is in compressed swap.

    ``asleep_mb`` is nothing where that could not be tried.
    """

    awake_mb: float
    asleep_mb: float | None


class Trial(Protocol):
    """A container started to be tried; removed when its block ends."""

    def state(self) -> TrialState:
        """As the engine reports it now."""
        ...

    def cpu_seconds(self) -> float:
        """CPU time used since the start."""
        ...

    def weigh(self) -> Weight | None:
        """What it takes of the host now; nothing where that cannot be read (an engine elsewhere)."""
        ...

    def stop(self) -> None:
        """Ask it to end and wait for that."""
        ...

    def commit(self, ref: str, changes: Sequence[str]) -> None:
        """Make its files the image *ref*, configured by *changes*."""
        ...

    def logs(self) -> str:
        """Everything it printed."""
        ...


class Workshop(Protocol):
    """A running container of an image, off every network, whose files are changed as root; gone when its block ends."""

    def run(self, *command: str) -> str:
        """What *command* prints; raises :class:`ImageError` with its last words when it fails."""
        ...

    def fetch(self, folder: str, into: Path) -> None:
        """Copy *folder* to the new directory *into*."""
        ...

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write *files*, by their absolute path, readable by everybody."""
        ...

    def commit(self, ref: str, changes: Sequence[str]) -> None:
        """Make its files the image *ref*, configured by *changes*."""
        ...


@dataclass(frozen=True, slots=True)
class TrialNetwork:
    """A bridge of the trial's own, and the host's address on it."""

    name: str
    address: str


class ImageStore(Protocol):
    """What the image needs of a container engine."""

    def labels(self, ref: str) -> Mapping[str, str] | None:
        """The labels of the image *ref*, or nothing when it is not here."""
        ...

    def pull(self, ref: str) -> None:
        """Fetch *ref* from its registry.

        Raises :class:`RegistryUnreachable` soon when none answers, :class:`ImageError` when it has no such image.
        """
        ...

    def import_tar(self, path: Path, ref: str, changes: Sequence[str]) -> None:
        """Make the image *ref* of a root file system."""
        ...

    def label(self, source: str, ref: str, labels: Mapping[str, str]) -> None:
        """Name *source* also *ref*, with *labels* added."""
        ...

    def remove(self, ref: str) -> None:
        """No image is named *ref* afterwards; missing is success."""
        ...

    def workshop(self, image: str) -> AbstractContextManager[Workshop]:
        """Open *image* to change it."""
        ...

    def network(self) -> AbstractContextManager[TrialNetwork]:
        """A bridge that stands while its block runs: the engine's default one may be switched off."""
        ...

    def trial(
        self,
        image: str,
        limits: Limits,
        network: str,
        mounts: Mapping[Path, str],
        environment: Mapping[str, str],
        *,
        writable: bool,
    ) -> AbstractContextManager[Trial]:
        """Run *image* hardened as an agent is; a mount whose path is not below ``/data`` is read-only."""
        ...
