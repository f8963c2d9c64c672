"""The agent image: present, else made on top of the official one, else from packages; tried before it gets its name."""

from __future__ import annotations

from manager_bot.openclaw import recipe, trial
from manager_bot.openclaw.footprint import Footprint, footprint
from manager_bot.openclaw.official import build_on, full_name
from manager_bot.openclaw.rootfs import Report, only_builder, root_tar
from manager_bot.openclaw.store import ImageError, ImageStore, RegistryUnreachable

__all__ = [
    "BASE_LABEL",
    "Footprint",
    "ImageError",
    "ImageStore",
    "Report",
    "base_of",
    "build",
    "build_on_official",
    "ensure_image",
    "footprint",
    "image_tag",
]

image_tag = recipe.image_tag

_VERSION_LABEL = "org.clawbot.openclaw"
BASE_LABEL = "org.clawbot.base"
_PACKAGES = "packages"


def base_of(store: ImageStore, ref: str) -> str:
    """What *ref* was made from: the official image's reference, ``packages``, or nothing when it does not say."""
    return (store.labels(ref) or {}).get(BASE_LABEL, "")


def ensure_image(store: ImageStore, report: Report, wanted: str | None = None, official: str = "") -> str:
    """The name of an image that can be run: present, else pulled (only if *wanted* names one), else built.

    *wanted* is the operator's own choice (``CLAWBOT_AGENT_IMAGE``); it is pulled but never built, because its
    content is not our recipe. *official* is ``CLAWBOT_OFFICIAL_IMAGE``, see :func:`build`. Slow (minutes when
    built) and blocking: call it in a thread.
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
            _build(store, report, official)
    return ref


def build(store: ImageStore, report: Report, official: str = "") -> None:
    """Make our image though it is present: it is tried and measured anew.

    On top of *official* (a name with a digest, or the digest alone) where its registry answers, else from packages. An
    official image that its registry does not have, or that does not fit the recipe, is an error: it was pinned by hand.
    """
    with only_builder(report):
        _build(store, report, official)


def build_on_official(store: ImageStore, report: Report, official: str) -> None:
    """Make our image on top of *official* and of nothing else."""
    with only_builder(report):
        _build_on_official(store, report, full_name(official))


def _build(store: ImageStore, report: Report, official: str) -> None:
    if official:
        try:
            _build_on_official(store, report, full_name(official))
        except RegistryUnreachable as error:
            report(f"agent image: {error}; building it from packages instead")
        else:
            return
    untried = _untried()
    tar = root_tar(report)
    report("agent image: handing it to the engine …")
    store.import_tar(tar, untried, recipe.changes(recipe.PACKAGE))
    _finish(store, report, recipe.PACKAGE, _PACKAGES)


def _build_on_official(store: ImageStore, report: Report, official: str) -> None:
    build_on(store, official, _untried(), report)
    _finish(store, report, recipe.OFFICIAL_PACKAGE, official)


def _finish(store: ImageStore, report: Report, package: str, base: str) -> None:
    """Try the untried image by starting it, measure it, and only then give it its name."""
    ref, untried = image_tag(), _untried()
    try:
        report("agent image: trying it by asking it a question …")
        trial.warm_up(store, untried, package)
        measured = trial.measure(store, untried, report)
        labels = {_VERSION_LABEL: recipe.OPENCLAW_VERSION, BASE_LABEL: base, **measured.labels()}
        store.label(untried, ref, labels)
    finally:
        store.remove(untried)
    report(f"agent image: {ref} stands; needs {measured.memory_mb} MiB, ready in {measured.seconds:.0f} s")


def _untried() -> str:
    return f"{image_tag()}-untried"
