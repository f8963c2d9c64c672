"""Debian's registry on loopback, and an image laid out as OpenClaw's official one: node, and OpenClaw in /app."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from manager_bot.openclaw import recipe, rootfs
from manager_bot.openclaw.rootfs import only_builder, root_tar

CONFIG = """\
version: 0.1
storage:
  filesystem:
    rootdirectory: {folder}
http:
  addr: 127.0.0.1:{port}
log:
  level: error
"""
SPARE_EXTENSION = "signal"
"""One of those that an agent never loads; the tuned image is without it."""


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """Its address while it serves."""
    program = shutil.which("docker-registry")
    assert program, "no docker-registry: `make test-tools` installs Debian's"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "config.yml"
    config.write_text(CONFIG.format(folder=folder / "data", port=port))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log)  # noqa: S603 - Debian's program
    try:
        _await(port)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _await(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            assert time.monotonic() < deadline, "docker-registry does not listen"
            time.sleep(0.1)


def publish(address: str, scratch: Path) -> str:
    """Push the made-up official image; its reference with the digest, and no copy of it in the engine."""
    client = docker.from_env(timeout=300)
    name = f"{address}/openclaw/openclaw"
    with _official_layout(scratch).open("rb") as tar:
        blocks = iter(lambda: tar.read(1 << 20), b"")
        changes = ["USER node", "WORKDIR /app", 'CMD ["node", "openclaw.mjs"]', "ENV NODE_ENV=production"]
        client.api.import_image_from_stream(blocks, repository=name, tag="pinned", changes=changes)
    said = list(client.images.push(name, tag="pinned", stream=True, decode=True))
    digest = next(line["aux"]["Digest"] for line in said if "aux" in line)
    client.images.remove(f"{name}:pinned")
    client.close()
    return f"{name}@{digest}"


def _official_layout(scratch: Path) -> Path:
    """Our own root file system with OpenClaw moved to /app, its programs as npm has them: none of our changes in it."""
    with only_builder(print):
        tar = root_tar(print)
    root = scratch / "root"
    with tarfile.open(tar) as archive:
        archive.extractall(root, filter="fully_trusted")  # noqa: S202 - our own
    modules = root / recipe.PACKAGE_ROOT / "node_modules"
    app = root / recipe.OFFICIAL_PACKAGE.lstrip("/")
    shutil.rmtree(modules / "openclaw")
    _unpack_package(scratch, app)
    modules.rename(app / "node_modules")
    shutil.rmtree(root / recipe.PACKAGE_ROOT)
    (root / "bin/chown").symlink_to("busybox")
    made = scratch / "official.tar"
    subprocess.run(["tar", "-C", str(root), "--numeric-owner", "-cf", str(made), "."], check=True)  # noqa: S603, S607
    shutil.rmtree(root)
    return made


def _unpack_package(scratch: Path, app: Path) -> None:
    """OpenClaw's own package, untouched, as *app*."""
    rootfs._node(scratch, scratch / "node")  # brings npm to a machine that has none
    pack = [*rootfs._npm(scratch), "pack", f"openclaw@{recipe.OPENCLAW_VERSION}", "--silent"]
    subprocess.run([*pack, "--pack-destination", str(scratch)], check=True, cwd=scratch)  # noqa: S603 - fixed words
    with tarfile.open(next(scratch.glob("openclaw-*.tgz"))) as archive:
        archive.extractall(scratch, filter="data")
    (scratch / "package").rename(app)
    for path in (app / "docs", *app.rglob("*.map"), *app.rglob("*.d.ts")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
