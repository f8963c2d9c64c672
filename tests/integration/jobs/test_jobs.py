"""The jobs on a real database and a real disk."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from fixtures.rows import new_agent, new_user
from pydantic import SecretStr

from manager_bot.clock import OffsetClock
from manager_bot.jobs.disk import DiskWatch
from manager_bot.jobs.schedule import Jobs, Timed
from manager_bot.jobs.trim import Trim
from manager_bot.openclaw.files import AgentFiles
from manager_bot.runtime.docker import DockerRuntime
from manager_bot.services.agents import Agents
from manager_bot.services.audit import Audit
from manager_bot.services.incidents import Incidents
from manager_bot.services.outbox import Outbox
from manager_bot.vault import Vault, new_key
from models import (
    Agent,
    AuditEntry,
    Cause,
    ContainerEventRow,
    DesiredState,
    FsmState,
    Incident,
    Notification,
    NotificationState,
    Severity,
)

ADMIN = 900


class Bell:
    def __init__(self) -> None:
        self.poked: list[int] = []

    def poke(self, agent_id: int) -> None:
        self.poked.append(agent_id)


@pytest.fixture
def clock() -> OffsetClock:
    return OffsetClock()


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def files(tmp_path: Path) -> AgentFiles:
    return AgentFiles.below(tmp_path / "data")


@pytest.fixture
def disk(clock: OffsetClock, files: AgentFiles, bell: Bell, tmp_path: Path) -> DiskWatch:
    runtime = DockerRuntime("000000000000", network="none", subnet=IPv4Network("10.9.9.0/24"))
    audit, outbox = Audit(clock), Outbox(clock, (ADMIN,))
    return DiskWatch(clock, files, Agents(clock, runtime, audit, bell), outbox, Incidents(clock, outbox, audit, bell))


@pytest.fixture
async def agent(database: str, files: AgentFiles) -> Agent:
    """Ann's agent on the free plan: a share of 1024 MiB."""
    agent = await new_agent(await new_user(), Vault([SecretStr(new_key())]))
    await asyncio.to_thread(files.prepare, str(agent.id))
    return agent


def fill(files: AgentFiles, agent: Agent, megabytes: int) -> None:
    """Really on the disk, but quickly."""
    with (files.data_dir(str(agent.id)) / "workspace" / "big").open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, megabytes << 20)


async def kinds() -> list[str]:
    return [one.kind for one in await Notification.all().order_by("id")]


# -- disk -------------------------------------------------------------------------------------------


async def test_an_agent_with_room_hears_nothing(disk: DiskWatch, agent: Agent, bell: Bell):
    await disk.run()
    assert await kinds() == []
    assert bell.poked == []


async def test_the_owner_is_warned_once_a_day(disk: DiskWatch, agent: Agent, files: AgentFiles, clock: OffsetClock):
    fill(files, agent, 950)
    await disk.run()
    await disk.run()
    (warned,) = await Notification.all()
    assert (warned.kind, warned.chat_id) == ("disk_nearly_full", 11)
    assert warned.values["share_mb"] == 1024
    assert 92 <= warned.values["percent"] <= 93
    clock.offset = timedelta(days=1)
    await disk.run()
    assert await kinds() == ["disk_nearly_full"] * 2


async def test_a_full_agent_is_stopped_and_told(disk: DiskWatch, agent: Agent, files: AgentFiles, bell: Bell):
    fill(files, agent, 1024)
    await disk.run()
    await disk.run()
    assert await kinds() == ["disk_stopped"]
    assert (await Notification.get()).values == {"is_host": False, "share_mb": 1024}
    assert (await Agent.get()).desired_state is DesiredState.STOPPED
    assert bell.poked == [agent.id]
    assert (await AuditEntry.get()).role == "system"


async def test_a_host_short_of_space_is_an_incident_that_closes(
    disk: DiskWatch, agent: Agent, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("manager_bot.jobs.disk.HOST_NEEDS_MB", 10**9)
    await disk.run()
    await disk.run()
    assert (await Agent.get()).desired_state is DesiredState.STOPPED
    stopped = await Notification.get(kind="disk_stopped")
    assert stopped.values["is_host"] is True
    incident = await Incident.get()
    assert (incident.cause, incident.severity, incident.occurrences) == (Cause.DISK_FULL, Severity.CRITICAL, 1)
    monkeypatch.setattr("manager_bot.jobs.disk.HOST_NEEDS_MB", 0)
    await disk.run()
    assert (await Incident.get()).closed_at is not None


# -- trim -------------------------------------------------------------------------------------------


async def test_old_rows_go_and_what_is_needed_stays(database: str, clock: OffsetClock):
    user = await new_user()
    now = clock.now()
    incident = await Incident.create(
        open_key="x", cause=Cause.CRASHED, severity=Severity.WARNING, opened_at=now, updated_at=now
    )
    await ContainerEventRow.create(user=user, agent_id=1, event_type="started", created_at=now)
    await FsmState.create(key="1:1")
    pending = await Notification.create(chat_id=1, kind="resumed", due_at=now)
    sent = await Notification.create(chat_id=1, kind="resumed", due_at=now, state=NotificationState.SENT)
    dead = await Notification.create(chat_id=1, kind="resumed", due_at=now, state=NotificationState.UNDELIVERABLE)
    alert = await Notification.create(
        chat_id=1, kind="incident", subject=f"incident:{incident.id}", due_at=now, state=NotificationState.SENT
    )

    assert await Trim(clock).run() == 0
    clock.offset = timedelta(days=8)
    assert await Trim(clock).run() == 1
    assert not await FsmState.exists()
    clock.offset = timedelta(days=31)
    assert await Trim(clock).run() == 2
    left = set(await Notification.all().values_list("id", flat=True))
    assert left == {pending.id, alert.id} == left - {sent.id, dead.id}
    clock.offset = timedelta(days=91)
    assert await Trim(clock).run() == 1
    assert not await ContainerEventRow.exists()


# -- schedule ---------------------------------------------------------------------------------------


async def test_jobs_run_at_start_and_again_and_one_that_fails_harms_nobody():
    runs: list[str] = []

    async def good() -> None:
        runs.append("good")

    async def bad() -> None:
        runs.append("bad")
        raise ValueError("no")

    period = timedelta(seconds=0.1)
    jobs = Jobs({"good": Timed(good, period), "bad": Timed(bad, period)})
    jobs.start()
    end = datetime.now(UTC) + timedelta(seconds=5)
    while min(runs.count("good"), runs.count("bad")) < 2:
        assert datetime.now(UTC) < end, runs
        await asyncio.sleep(0.02)
    await jobs.stop()
    count = len(runs)
    await asyncio.sleep(0.3)
    assert len(runs) == count


async def test_a_slow_job_never_runs_twice_at_once():
    inside, most = 0, 0

    async def slow() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.3)
        inside -= 1

    jobs = Jobs({"slow": Timed(slow, timedelta(seconds=0.05))})
    jobs.start()
    await asyncio.sleep(0.5)
    await jobs.stop()
    assert most == 1
