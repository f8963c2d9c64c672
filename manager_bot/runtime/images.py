"""The agent image's side of Docker: a small blocking adapter, for commands that run before anything serves."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import docker
from docker.errors import DockerException, ImageNotFound, NotFound
from docker.models.containers import Container

from manager_bot.openclaw.rootfs import ImageError
from manager_bot.openclaw.store import Limits, Trial, TrialState

_IMPORT_SECONDS = 600
_BLOCK = 1 << 20
_NO_ENGINE = "no container engine answers: run `make engine`, or start Docker"


class DockerImages:
    """Implements :class:`manager_bot.openclaw.store.ImageStore`."""

    def __init__(self) -> None:
        try:
            self._client = docker.from_env(timeout=_IMPORT_SECONDS)
            self._client.ping()
        except DockerException as error:
            raise ImageError(_NO_ENGINE) from error

    def labels(self, ref: str) -> Mapping[str, str] | None:
        try:
            return dict(self._client.images.get(ref).labels)
        except ImageNotFound:
            return None

    def pull(self, ref: str) -> None:
        try:
            self._client.images.pull(ref)
        except DockerException as error:
            cure = "unset CLAWBOT_AGENT_IMAGE to build the image here"
            raise ImageError(f"{ref} cannot be pulled: {_reason(error)} — {cure}") from error

    def import_tar(self, path: Path, ref: str, changes: Sequence[str]) -> None:
        repository, tag = ref.rsplit(":", 1)
        # Blocks, not the file: the SDK announces a file's length and sends it in chunks, which the engine refuses.
        with path.open("rb") as stream:
            blocks = iter(lambda: stream.read(_BLOCK), b"")
            try:
                self._client.api.import_image_from_stream(blocks, repository=repository, tag=tag, changes=list(changes))
            except DockerException as error:
                raise ImageError(f"the engine did not take the agent image: {_reason(error)}") from error

    def label(self, source: str, ref: str, labels: Mapping[str, str]) -> None:
        repository, tag = ref.rsplit(":", 1)
        container = self._client.containers.create(source, name=_trial_name())
        try:
            changes = "\n".join(f'LABEL "{name}"="{value}"' for name, value in labels.items())
            container.commit(repository=repository, tag=tag, changes=changes)
        finally:
            container.remove(force=True)

    def remove(self, ref: str) -> None:
        try:
            self._client.images.remove(ref)
        except NotFound:
            return

    def bridge_address(self) -> str:
        settings = self._client.networks.get("bridge").attrs["IPAM"]["Config"]
        return str(settings[0].get("Gateway") or _first_host(settings[0]["Subnet"]))

    @contextmanager
    def trial(
        self, image: str, limits: Limits, mounts: Mapping[Path, str], environment: Mapping[str, str], *, writable: bool
    ) -> Iterator[Trial]:
        memory = limits.memory_mb << 20
        cpu: dict[str, Any] = {}
        if limits.cpu is not None:
            cpu = {"cpu_period": 100_000, "cpu_quota": int(limits.cpu * 100_000)}
        container = self._client.containers.create(
            image,
            name=_trial_name(),
            environment=dict(environment),
            mem_limit=memory,
            memswap_limit=memory + (limits.swap_mb << 20),
            pids_limit=256,
            init=True,
            ipc_mode="none",
            read_only=not writable,
            tmpfs={"/tmp": "size=64m"},  # noqa: S108 - inside the container
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            volumes={
                str(path): {"bind": target, "mode": "rw" if target == "/data" else "ro"}
                for path, target in mounts.items()
            },
            **cpu,
        )
        try:
            container.start()
            yield _DockerTrial(container)
        finally:
            container.remove(force=True, v=True)


class _DockerTrial:
    def __init__(self, container: Container) -> None:
        self._container = container

    def state(self) -> TrialState:
        self._container.reload()
        state = self._container.attrs["State"]
        return TrialState(
            running=bool(state["Running"]),
            exit_code=int(state["ExitCode"]),
            oom_killed=bool(state["OOMKilled"]),
            address=str(self._container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]),
        )

    def cpu_seconds(self) -> float:
        stats = cast("dict[str, Any]", self._container.stats(stream=False, one_shot=True))
        return float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9

    def stop(self) -> None:
        self._container.stop(timeout=20)

    def commit(self, ref: str, changes: Sequence[str]) -> None:
        repository, tag = ref.rsplit(":", 1)
        self._container.commit(repository=repository, tag=tag, changes="\n".join(changes))

    def logs(self) -> str:
        return bytes(self._container.logs()).decode(errors="replace")


def _trial_name() -> str:
    return f"clawbot-trial-{secrets.token_hex(4)}"


def _reason(error: Exception) -> str:
    """The engine's own words, without the request that met them."""
    words = getattr(error, "explanation", None) or error
    return (str(words).strip() or "no reason given").splitlines()[-1][:200]


def _first_host(subnet: str) -> str:
    return str(next(ipaddress.ip_network(subnet).hosts()))
