"""The tuned image on top of OpenClaw's official one: our changes are one layer over layers that anybody can check."""

from __future__ import annotations

import tempfile
from pathlib import Path

from manager_bot.openclaw import recipe, tuning
from manager_bot.openclaw.rootfs import Report
from manager_bot.openclaw.store import ImageError, ImageStore, Workshop

_SCRATCH = "/tmp/clawbot"  # noqa: S108 - inside a container nobody else is in
_NEEDED = ("/usr/bin/tini", "/usr/local/bin/node", f"{recipe.OFFICIAL_PACKAGE}/{tuning.EXTENSIONS}")
"""What the recipe's way to start it, and its tuning, rely on."""
_FOLDERS = ("/data/workspace", "/data/.openclaw", "/home/node", recipe.COMPILE_CACHE)
"""What an agent's user owns in the image."""


def full_name(wanted: str) -> str:
    """The reference behind the setting: a digest alone is one of the official name."""
    return f"{recipe.OFFICIAL_IMAGE}@{wanted}" if wanted.startswith("sha256:") else wanted


def build_on(store: ImageStore, official: str, ref: str, report: Report) -> None:
    """Pull *official*, pinned by digest, and make *ref* of it.

    Raises :class:`RegistryUnreachable` when no registry answers, :class:`ImageError` when it holds no such image or
    another OpenClaw than the recipe is for.
    """
    if store.labels(official) is None:
        report(f"agent image: pulling {official} …")
        store.pull(official)
    report("agent image: tuning it …")
    with store.workshop(official) as workshop:
        _tune(workshop)
        workshop.commit(ref, recipe.changes(recipe.OFFICIAL_PACKAGE))


def _tune(workshop: Workshop) -> None:
    package = recipe.OFFICIAL_PACKAGE
    version = workshop.run("node", "-p", f"require('{package}/package.json').version").strip()
    if version != recipe.OPENCLAW_VERSION:
        raise ImageError(
            f"the official image holds OpenClaw {version}, this ClawBot is for {recipe.OPENCLAW_VERSION}: "
            "pin the digest of that one in CLAWBOT_OFFICIAL_IMAGE"
        )
    for needed in _NEEDED:
        if "yes" not in workshop.run("sh", "-c", f"test -e {needed} && echo yes || echo no"):
            raise ImageError(f"the official image has no {needed}: it is laid out otherwise than the recipe knows")
    # Its install step, if the image has not run it: an agent could not write there.
    home = (f"HOME={_SCRATCH}", f"OPENCLAW_STATE_DIR={_SCRATCH}/state")
    workshop.run("env", *home, "node", f"{package}/openclaw.mjs", "--version")
    with tempfile.TemporaryDirectory(prefix="clawbot-official-") as scratch:
        copy = Path(scratch, "package")
        workshop.fetch(f"{package}/dist", copy / "dist")
        changed = {f"{package}/{path.relative_to(copy)}": path.read_bytes() for path in tuning.patch(copy)}
        extensions = copy / tuning.EXTENSIONS
        unused = tuning.unused([one.name for one in extensions.iterdir()])
    workshop.put({**changed, f"{package}/{tuning.MODULE_TYPE}": tuning.MODULE_TYPE_TEXT.encode()})
    if unused:
        workshop.run("rm", "-rf", *(f"{package}/{tuning.EXTENSIONS}/{name}" for name in unused))
    workshop.run("rm", "-rf", _SCRATCH)
    workshop.run("mkdir", "-p", "/etc/openclaw", *_FOLDERS)
    workshop.run("chown", "1000:1000", "/data", *_FOLDERS)
