"""The agent image: present, else pulled, else built; always tried before it gets its name."""

from __future__ import annotations

from manager_bot.openclaw import recipe, trial
from manager_bot.openclaw.footprint import Footprint, footprint
from manager_bot.openclaw.rootfs import ImageError, Report, only_builder, root_tar
from manager_bot.openclaw.store import ImageStore

__all__ = ["Footprint", "ImageError", "ImageStore", "Report", "build", "ensure_image", "footprint", "image_tag"]

image_tag = recipe.image_tag

_VERSION_LABEL = "org.clawbot.openclaw"


def ensure_image(store: ImageStore, report: Report, wanted: str | None = None) -> str:
    """The name of an image that can be run: present, else pulled (only if *wanted* names one), else built.

    *wanted* is the operator's own choice (``CLAWBOT_AGENT_IMAGE``); it is pulled but never built, because its
    content is not our recipe. Slow (minutes when built) and blocking: call it in a thread.
    """
    ref = wanted or image_tag()
    if store.labels(ref) is not None:
        return ref
    if wanted:
        report(f"agent image: pulling {wanted} …")
        store.pull(wanted)
        return wanted
    with only_builder(report):
        if store.labels(ref) is None:
            _build(store, report)
    return ref


def build(store: ImageStore, report: Report) -> None:
    """Make our image though it is present: it is tried and measured anew."""
    with only_builder(report):
        _build(store, report)


def _build(store: ImageStore, report: Report) -> None:
    """Make the image, try it by starting it, measure it, and only then give it its name."""
    ref, untried = image_tag(), f"{image_tag()}-untried"
    tar = root_tar(report)
    report("agent image: handing it to the engine …")
    store.import_tar(tar, untried, recipe.changes())
    try:
        report("agent image: trying it by asking it a question …")
        trial.warm_up(store, untried)
        measured = trial.measure(store, untried, report)
        store.label(untried, ref, {_VERSION_LABEL: recipe.OPENCLAW_VERSION, **measured.labels()})
    finally:
        store.remove(untried)
    report(f"agent image: {ref} stands; needs {measured.memory_mb} MiB, ready in {measured.seconds:.0f} s")
