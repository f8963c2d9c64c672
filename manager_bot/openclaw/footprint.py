"""What one agent of an image needs; it travels with the image as labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_LABEL = "org.clawbot.footprint."


@dataclass(frozen=True, slots=True)
class Footprint:
    """What one agent of an image needs, measured on the machine that built it, without swap.

    ``memory_mb`` is the smallest memory in MiB in which it starts and holds a conversation; ``cpu_seconds`` and
    ``seconds`` are spent from start to ready with no CPU limit, ``answer_seconds`` on its first answer. ``awake_mb`` is
    what it takes of the host after a long conversation, its shim included, ``asleep_mb`` what is left of that while
    its memory is in compressed swap; nothing where that was not measured.
    """

    memory_mb: int
    cpu_seconds: float
    seconds: float
    answer_seconds: float
    awake_mb: int | None = None
    asleep_mb: int | None = None

    def labels(self) -> dict[str, str]:
        """The labels that carry it with the image."""
        weight = {"awake_mb": self.awake_mb, "asleep_mb": self.asleep_mb}
        return {
            **{f"{_LABEL}{name}": str(value) for name, value in weight.items() if value is not None},
            f"{_LABEL}memory_mb": str(self.memory_mb),
            f"{_LABEL}cpu_seconds": f"{self.cpu_seconds:.1f}",
            f"{_LABEL}seconds": f"{self.seconds:.1f}",
            f"{_LABEL}answer_seconds": f"{self.answer_seconds:.1f}",
        }


def footprint(labels: Mapping[str, str]) -> Footprint | None:
    """The footprint an image carries; nothing for an image that was never measured."""
    try:
        return Footprint(
            memory_mb=int(labels[f"{_LABEL}memory_mb"]),
            cpu_seconds=float(labels[f"{_LABEL}cpu_seconds"]),
            seconds=float(labels[f"{_LABEL}seconds"]),
            answer_seconds=float(labels[f"{_LABEL}answer_seconds"]),
            awake_mb=_known(labels, "awake_mb"),
            asleep_mb=_known(labels, "asleep_mb"),
        )
    except (KeyError, ValueError):
        return None


def _known(labels: Mapping[str, str], name: str) -> int | None:
    return int(labels[f"{_LABEL}{name}"]) if f"{_LABEL}{name}" in labels else None
