"""Connecting to the container engine, and what is asked of it without an installation: all blocking."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
from docker.utils import kwargs_from_env

from manager_bot.runtime.calls import Gone, translated

_TIMEOUT = 10
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """The engine and the host it runs on; memory in MiB."""

    version: str
    memory_mb: int
    swap_mb: int
    cpus: int
    cgroup_version: str
    live_restore: bool
    limits_memory: bool
    limits_cpu: bool
    limits_pids: bool


def look_at_engine(base_url: str | None = None) -> EngineFacts:
    """Raises RuntimeUnavailable when nothing answers at *base_url* (default: as DOCKER_HOST says)."""

    def ask() -> EngineFacts:
        with closing(connect(base_url, _TIMEOUT)) as client:
            info = client.info()
            return EngineFacts(
                version=str(info["ServerVersion"]),
                memory_mb=int(info["MemTotal"]) // _MIB,
                swap_mb=host_swap_mb(),
                cpus=int(info["NCPU"]),
                cgroup_version=str(info.get("CgroupVersion") or "1"),
                live_restore=bool(info.get("LiveRestoreEnabled")),
                limits_memory=bool(info.get("MemoryLimit")),
                limits_cpu=bool(info.get("CpuCfsQuota")),
                limits_pids=bool(info.get("PidsLimit")),
            )

    return translated(ask)


def image_labels(ref: str, base_url: str | None = None) -> Mapping[str, str] | None:
    """The labels of the image *ref*, or nothing when it is not here; raises RuntimeUnavailable."""

    def ask() -> Mapping[str, str]:
        with closing(connect(base_url, _TIMEOUT)) as client:
            return _labels(client, ref)

    try:
        return translated(ask)
    except Gone:
        return None


def _labels(client: docker.APIClient, ref: str) -> Mapping[str, str]:
    inspected: dict[str, Any] = client.inspect_image(ref)  # type: ignore[no-untyped-call]
    return dict(inspected["Config"].get("Labels") or {})


def host_swap_mb(which: str = "SwapTotal") -> int:
    """The host's swap in MiB, or its free part (``SwapFree``); the engine does not tell."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) // 1024
    return 0


def host_booted_at() -> datetime | None:
    """When this host came up; nothing where the kernel does not say."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith("btime "):
            return datetime.fromtimestamp(int(line.split()[1]), UTC)
    return None


def connect(base_url: str | None, timeout: int) -> docker.APIClient:
    """A new connection, to *base_url* or as DOCKER_HOST says; raises OSError or an SDK error while it is down."""
    knock(base_url)
    if base_url is not None:
        return docker.APIClient(base_url=base_url, timeout=timeout)
    return docker.APIClient(timeout=timeout, **kwargs_from_env())


def knock(base_url: str | None) -> None:
    """Raise OSError where nobody listens: the SDK, refused, would leave its socket open.

    An engine that shuts down listens no more, yet answers on old connections until its last container has ended.
    """
    if (path := _socket_path(base_url)) is not None:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)


def ping(base_url: str | None) -> None:
    """Return if the engine answers a new connection; raises OSError or an SDK error."""
    path = _socket_path(base_url)
    if path is None:
        with closing(connect(base_url, _TIMEOUT)) as client:
            client.ping()
        return
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(_TIMEOUT)
        asked.connect(path)
        asked.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        if b" 200 " not in asked.recv(64):
            raise ConnectionError("the engine answers no ping")


def _socket_path(base_url: str | None) -> str | None:
    """Where it listens on this host; nothing where it is reached over a network."""
    url = base_url or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    return url.removeprefix("unix://") if url.startswith("unix://") else None
