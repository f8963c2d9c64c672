"""What making and trying an agent image asks of a container engine (only the runtime package may talk to one)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


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


class Trial(Protocol):
    """A container started to be tried; removed when its block ends."""

    def state(self) -> TrialState:
        """As the engine reports it now."""
        ...

    def cpu_seconds(self) -> float:
        """CPU time used since the start."""
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


class ImageStore(Protocol):
    """What the image needs of a container engine."""

    def labels(self, ref: str) -> Mapping[str, str] | None:
        """The labels of the image *ref*, or nothing when it is not here."""
        ...

    def pull(self, ref: str) -> None:
        """Fetch *ref* from its registry; raises :class:`ImageError` soon when that cannot be."""
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

    def bridge_address(self) -> str:
        """The host's address as containers on the engine's default bridge reach it."""
        ...

    def trial(
        self, image: str, limits: Limits, mounts: Mapping[Path, str], environment: Mapping[str, str], *, writable: bool
    ) -> AbstractContextManager[Trial]:
        """Run *image* hardened as an agent is; a mount whose path is not below ``/data`` is read-only."""
        ...
