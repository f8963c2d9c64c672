"""The agent image's side of Docker: a small blocking adapter, for commands that run before anything serves."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container

from manager_bot.openclaw.store import (
    ImageError,
    Limits,
    RegistryUnreachable,
    Trial,
    TrialNetwork,
    TrialState,
    Weight,
    Workshop,
)
from manager_bot.runtime.weighing import weigh
from manager_bot.runtime.workshop import opened_workshop, reason_of

_PREFIX = "clawbot-trial-"
_FORGOTTEN = timedelta(hours=1)
_IMPORT_SECONDS = 600
_BLOCK = 1 << 20
_ANSWERS = ("manifest unknown", "manifest for ", "not found", "denied", "unauthorized", "name unknown", "digest")
"""A registry answered, and its answer was no."""
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
            reason = reason_of(error)
            if any(word in reason for word in _ANSWERS):
                raise ImageError(f"{ref} cannot be pulled, its registry says: {reason}") from error
            raise RegistryUnreachable(f"{ref} cannot be pulled, no registry answers: {reason}") from error

    def import_tar(self, path: Path, ref: str, changes: Sequence[str]) -> None:
        repository, tag = ref.rsplit(":", 1)
        # Blocks, not the file: the SDK announces a file's length and sends it in chunks, which the engine refuses.
        with path.open("rb") as stream:
            blocks = iter(lambda: stream.read(_BLOCK), b"")
            try:
                self._client.api.import_image_from_stream(blocks, repository=repository, tag=tag, changes=list(changes))
            except DockerException as error:
                raise ImageError(f"the engine did not take the agent image: {reason_of(error)}") from error

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

    def workshop(self, image: str) -> AbstractContextManager[Workshop]:
        return opened_workshop(self._client, image, _trial_name())

    @contextmanager
    def network(self) -> Iterator[TrialNetwork]:
        self.sweep(_PREFIX, datetime.now(UTC))
        network = self._client.networks.create(_trial_name(), driver="bridge")
        try:
            network.reload()
            yield TrialNetwork(str(network.name), str(network.attrs["IPAM"]["Config"][0]["Gateway"]))
        finally:
            network.remove()

    def sweep(self, prefix: str, now: datetime) -> None:
        """Remove what trials named *prefix* that were killed left behind an hour ago: the engine has few networks."""
        for network in self._client.networks.list(names=[prefix]):
            if now - datetime.fromisoformat(str(network.attrs["Created"])) > _FORGOTTEN:
                with suppress(APIError):  # a container is still on it
                    network.remove()

    @contextmanager
    def trial(
        self,
        image: str,
        limits: Limits,
        network: str,
        mounts: Mapping[Path, str],
        environment: Mapping[str, str],
        *,
        writable: bool,
    ) -> Iterator[Trial]:
        memory = limits.memory_mb << 20
        cpu: dict[str, Any] = {}
        if limits.cpu is not None:
            cpu = {"cpu_period": 100_000, "cpu_quota": int(limits.cpu * 100_000)}
        container = self._client.containers.create(
            image,
            name=_trial_name(),
            network=network,
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
            address=next(one["IPAddress"] for one in self._container.attrs["NetworkSettings"]["Networks"].values()),
        )

    def cpu_seconds(self) -> float:
        stats = cast("dict[str, Any]", self._container.stats(stream=False, one_shot=True))
        return float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9

    def weigh(self) -> Weight | None:
        self._container.reload()
        return weigh(str(self._container.id), int(self._container.attrs["State"]["Pid"]))

    def stop(self) -> None:
        self._container.stop(timeout=20)

    def commit(self, ref: str, changes: Sequence[str]) -> None:
        repository, tag = ref.rsplit(":", 1)
        self._container.commit(repository=repository, tag=tag, changes="\n".join(changes))

    def logs(self) -> str:
        return bytes(self._container.logs()).decode(errors="replace")


def _trial_name() -> str:
    return f"{_PREFIX}{secrets.token_hex(4)}"
