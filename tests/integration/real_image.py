"""A container of the real image, hardened as an agent's is."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.models.containers import Container


@contextmanager
def contained(image: str, home: Path, directory: Path, network: str | None = None) -> Iterator[Container]:
    """A container of *image* with an agent's two directories: created, not started, gone at the end."""
    client = docker.from_env()
    container = client.containers.create(
        image,
        name=f"clawbot-test-{uuid.uuid4().hex[:8]}",
        init=True,
        network=network,
        ipc_mode="none",
        mem_limit="512m",
        memswap_limit="512m",
        read_only=True,
        tmpfs={"/tmp": "size=64m"},  # noqa: S108 - inside the container
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        volumes={
            str(home): {"bind": "/data", "mode": "rw"},
            str(directory): {"bind": "/etc/openclaw", "mode": "ro"},
        },
    )
    try:
        yield container
    finally:
        container.remove(force=True, v=True)
        client.close()
