"""A container whose files are changed before it becomes an image."""

from __future__ import annotations

import io
import posixpath
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import docker
from docker.models.containers import Container

from manager_bot.openclaw.store import ImageError, Workshop

_IDLE = ["node", "-e", "setInterval(() => {}, 3_600_000)"]
"""The one program that an image of OpenClaw surely holds."""


@contextmanager
def opened_workshop(client: docker.DockerClient, image: str, name: str) -> Iterator[Workshop]:
    """Run *image* as root, doing nothing, off every network."""
    container = client.containers.create(
        image, name=name, entrypoint=_IDLE, command=[], user="0", network_mode="none", cap_drop=["NET_RAW"], init=True
    )
    try:
        container.start()
        yield _DockerWorkshop(container)
    finally:
        container.remove(force=True, v=True)


@dataclass(frozen=True, slots=True)
class _DockerWorkshop:
    container: Container

    def run(self, *command: str) -> str:
        done = self.container.exec_run(list(command), user="0", workdir="/")
        output = cast("bytes", done.output).decode(errors="replace")
        if done.exit_code != 0:
            words = (output.strip() or "no output").splitlines()[-1]
            raise ImageError(f"{command[0]} failed in the official image ({done.exit_code}): {words[:300]}")
        return output

    def fetch(self, folder: str, into: Path) -> None:
        into.parent.mkdir(parents=True, exist_ok=True)
        stream, _ = self.container.get_archive(folder)
        with tempfile.TemporaryFile() as packed:
            for block in stream:
                packed.write(block)
            packed.seek(0)
            with tarfile.open(fileobj=packed) as archive:
                archive.extractall(into.parent, filter="data")
        (into.parent / posixpath.basename(folder)).rename(into)

    def put(self, files: Mapping[str, bytes]) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path, content in files.items():
                entry = tarfile.TarInfo(path.lstrip("/"))
                entry.size, entry.mode = len(content), 0o644
                archive.addfile(entry, io.BytesIO(content))
        if not self.container.put_archive("/", packed.getvalue()):
            raise ImageError("the engine did not take the changed files")

    def commit(self, ref: str, changes: Sequence[str]) -> None:
        repository, tag = ref.rsplit(":", 1)
        self.container.commit(repository=repository, tag=tag, changes="\n".join(changes))


def reason_of(error: Exception) -> str:
    """The engine's own words, without the request that met them."""
    words = getattr(error, "explanation", None) or error
    return (str(words).strip() or "no reason given").splitlines()[-1][:200]
