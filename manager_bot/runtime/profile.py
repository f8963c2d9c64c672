"""From a spec to Docker's words: the container's profile, its labels, and what the engine says back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from docker.types import LogConfig

from manager_bot.openclaw.health import PORT
from manager_bot.runtime.base import AgentSpec, ContainerEvent, ContainerEventKind, ContainerState
from models import ContainerStatus

LABEL_MARK = "clawbot.installation"
LABEL_AGENT = "clawbot.agent"
LABEL_SPEC = "clawbot.spec"
LABEL_PROFILE = "clawbot.profile"

CPU_PERIOD = 100_000
"""Microseconds; the quota is written against it (NanoCpus would forbid every later update)."""

_MIB = 1024 * 1024
_USER = "1000:1000"
_TMPFS = {
    "/tmp": "rw,nosuid,nodev,size=64m,mode=1777",  # noqa: S108 - a mount point inside the container
    "/dev/mqueue": "ro,nosuid,nodev,noexec,size=4k",  # the engine mounts a writable one otherwise
}
_LOGS = {"max-size": "5m", "max-file": "2"}

_KINDS = {
    "start": ContainerEventKind.STARTED,
    "die": ContainerEventKind.DIED,
    "oom": ContainerEventKind.OUT_OF_MEMORY,
    "kill": ContainerEventKind.SIGNALLED,
    "pause": ContainerEventKind.PAUSED,
    "unpause": ContainerEventKind.UNPAUSED,
    "destroy": ContainerEventKind.REMOVED,
}
EVENT_ACTIONS = tuple(_KINDS)

_EXIT_IN_STATUS = re.compile(r"^Exited \((\d+)\)")
_NEVER = "0001-01-01T00:00:00Z"


def cpu_quota(cpu: float) -> int:
    """Microseconds of CPU a period for *cpu* cores; the engine's least is 1 ms."""
    return max(1000, round(cpu * CPU_PERIOD))


def host_config(spec: AgentSpec, network: str, dns: tuple[str, ...]) -> dict[str, Any]:
    """The keyword arguments of ``create_host_config``: DESIGN 5, line by line.

    Memory plus swap is written even where the host has no swap today: the kernel then simply kills at the memory
    limit, and swap added later helps at once.
    """
    return {
        "binds": {
            str(spec.data_dir): {"bind": "/data", "mode": "rw"},
            str(spec.config_dir): {"bind": "/etc/openclaw", "mode": "ro"},
        },
        "port_bindings": {f"{PORT}/tcp": ("127.0.0.1", spec.health_port)},
        "read_only": True,
        "tmpfs": dict(_TMPFS),
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "init": True,
        "ipc_mode": "none",  # no /dev/shm: /data and /tmp are all an agent may write
        "pids_limit": spec.pids,
        "mem_limit": spec.memory_mb * _MIB,
        "memswap_limit": (spec.memory_mb + spec.swap_mb) * _MIB,
        "cpu_period": CPU_PERIOD,
        "cpu_quota": cpu_quota(spec.cpu),
        "log_config": LogConfig(type=LogConfig.types.JSON, config=dict(_LOGS)),
        "restart_policy": {"Name": "no"},
        "network_mode": network,
        "dns": list(dns) or None,
    }


def profile_digest(dns: tuple[str, ...]) -> str:
    """A hash of all that is not in the spec: a release that hardens the profile recreates every container."""
    plain = json.dumps([_USER, _TMPFS, _LOGS, PORT, list(dns), 2])
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


def labels(spec: AgentSpec, mark: str, profile: str) -> dict[str, str]:
    """What a container of this spec carries."""
    return {
        LABEL_MARK: mark,
        LABEL_AGENT: str(spec.agent_id),
        LABEL_SPEC: spec.digest(),
        LABEL_PROFILE: profile,
    }


def container_config(spec: AgentSpec) -> dict[str, Any]:
    """The keyword arguments of ``create_container`` beside host config and labels."""
    return {
        "image": spec.image,
        "name": spec.name,
        "hostname": "agent",
        "user": _USER,
        "environment": dict(spec.environment),
        "ports": [(PORT, "tcp")],
        "use_config_proxy": False,
    }


def state_of_listed(entry: Mapping[str, Any], profile: str) -> ContainerState:
    """One entry of a sparse list; it knows no start time, and the exit code only from its words."""
    exited = _EXIT_IN_STATUS.match(str(entry.get("Status", "")))
    return ContainerState(
        agent_id=_agent_id(entry["Labels"]),
        container_id=str(entry["Id"]),
        name=str(entry["Names"][0]).lstrip("/"),
        status=ContainerStatus(entry["State"]),
        spec_digest=_digest(entry["Labels"], profile),
        exit_code=int(exited.group(1)) if exited else None,
    )


def state_of_inspected(entry: Mapping[str, Any], profile: str) -> ContainerState:
    """One ``inspect``."""
    state, found = entry["State"], entry["Config"]["Labels"]
    ended = state["Status"] in ("exited", "dead")
    return ContainerState(
        agent_id=_agent_id(found),
        container_id=str(entry["Id"]),
        name=str(entry["Name"]).lstrip("/"),
        status=ContainerStatus(state["Status"]),
        spec_digest=_digest(found, profile),
        exit_code=int(state["ExitCode"]) if ended else None,
        oom_killed=ended and bool(state["OOMKilled"]),
        started_at=_moment(state["StartedAt"]),
        finished_at=_moment(state["FinishedAt"]) if ended else None,
    )


def event_of(entry: Mapping[str, Any]) -> ContainerEvent | None:
    """One raw engine event, or nothing if it means nothing to us."""
    kind = _KINDS.get(str(entry.get("Action", "")))
    actor = entry.get("Actor") or {}
    attributes = actor.get("Attributes") or {}
    agent = str(attributes.get(LABEL_AGENT, ""))
    if kind is None or not agent.isdigit():
        return None
    code = str(attributes.get("exitCode", ""))
    return ContainerEvent(
        agent_id=int(agent),
        container_id=str(actor.get("ID", "")),
        kind=kind,
        at=datetime.fromtimestamp(int(entry["timeNano"]) / 1e9, UTC),
        exit_code=int(code) if code.isdigit() else None,
    )


def _agent_id(found: Mapping[str, str]) -> int:
    value = found.get(LABEL_AGENT, "")
    return int(value) if value.isdigit() else 0


def _digest(found: Mapping[str, str], profile: str) -> str:
    return found.get(LABEL_SPEC, "") if found.get(LABEL_PROFILE) == profile else "outdated-profile"


def _moment(text: str) -> datetime | None:
    """Docker's RFC 3339 with nanoseconds; its zero time is none."""
    if not text or text == _NEVER:
        return None
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{(fraction + '000000')[:6]}+00:00")
