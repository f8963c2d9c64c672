"""Engine, firewall, image, disk, ports and watchdog: each check once standing and once failing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from findings import assert_fails, by_name, changed
from fixtures.rows import NOW
from fixtures.settings import MakeSettings

from manager_bot.config import Settings
from manager_bot.doctor import Check, Verdict
from manager_bot.doctor.disk import check_disk
from manager_bot.doctor.engine import check_engine, find_engine
from manager_bot.doctor.firewall import check_firewall
from manager_bot.doctor.image import check_image, check_memory
from manager_bot.doctor.ports import check_ports
from manager_bot.doctor.watchdog import check_watchdog
from manager_bot.host import sizing_of
from manager_bot.openclaw.footprint import Footprint
from manager_bot.runtime.engine import EngineFacts

HOST = EngineFacts(
    "26.1.0", 8000, 1000, 4, "2", live_restore=True, limits_memory=True, limits_cpu=True, limits_pids=True
)
NEEDS = Footprint(memory_mb=384, cpu_seconds=12, seconds=9, answer_seconds=2, awake_mb=340, asleep_mb=150)


def memory_checks(settings: Settings, host: EngineFacts = HOST) -> dict[str, Check]:
    return by_name(check_memory(sizing_of(settings, host.memory_mb, host.swap_mb, NEEDS)))


async def test_the_engine_of_this_host_stands():
    facts = await find_engine()
    assert facts is not None, "no Docker Engine answers: `make engine`"
    assert by_name(check_engine(facts))["docker"].verdict is Verdict.OK


async def test_no_engine_at_the_socket_fails(tmp_path: Path):
    facts = await find_engine(f"unix://{tmp_path}/docker.sock")
    (found,) = check_engine(facts)
    assert_fails(found, "no container engine answers", "make engine")


@pytest.mark.parametrize(
    ("changes", "name", "verdict", "said"),
    [
        ({"version": "19.03.5"}, "docker", Verdict.FAIL, "too old"),
        ({"limits_memory": False}, "limits", Verdict.FAIL, "cannot limit memory"),
        ({"live_restore": False}, "live-restore", Verdict.WARN, "stops every agent"),
    ],
)
def test_an_engine_that_lacks_something(changes: dict[str, object], name: str, verdict: Verdict, said: str):
    values = {field: getattr(HOST, field) for field in EngineFacts.__slots__}
    found = by_name(check_engine(EngineFacts(**{**values, **changes})))[name]
    assert found.verdict is verdict
    assert said in found.line


async def test_a_firewall_that_does_not_stand_fails_with_the_commands(settings: Settings):
    found = await check_firewall(settings, "0000deadbeef")
    assert_fails(found, "the agents' firewall does not stand: strangers are not admitted", "by hand")
    assert any("DOCKER-USER" in command and "cb-0000deadbeef" in command for command in found.commands)


async def test_before_the_first_start_the_firewall_is_a_warning(settings: Settings):
    assert (await check_firewall(settings, None)).verdict is Verdict.WARN


async def test_a_missing_image_fails(settings: Settings):
    found, needs = await check_image(changed(settings, agent_image="clawbot-test/none:0"), await find_engine())
    assert_fails(found, "the agent image clawbot-test/none:0 is not here", "clawbot image ensure")
    assert needs is None


@pytest.mark.parametrize(
    ("swap_mb", "strict", "verdict", "said"),
    [
        (1000, False, Verdict.OK, "256 MiB and 512 MiB of swap; 11 fit, 11 of them awake at once"),
        (
            0,
            False,
            Verdict.WARN,
            "takes 384 MiB instead of 256: this host has 0 MiB of swap; 41 fit, 20 of them awake at once",
        ),
        (0, True, Verdict.WARN, "not offered: 256 MiB is under the image's 384, and plans are strict"),
    ],
)
def test_the_free_plan_on_this_host(
    make_settings: MakeSettings, swap_mb: int, strict: bool, verdict: Verdict, said: str
):
    values = {field: getattr(HOST, field) for field in EngineFacts.__slots__}
    host = EngineFacts(**{**values, "swap_mb": swap_mb})
    found = memory_checks(make_settings(strict_plans=strict), host)["plan free"]
    assert found.verdict is verdict
    assert said in found.line


def test_a_plan_larger_than_the_host_fails(make_settings: MakeSettings):
    values = {field: getattr(HOST, field) for field in EngineFacts.__slots__}
    found = memory_checks(make_settings(), EngineFacts(**{**values, "memory_mb": 1900}))["plan pro"]
    assert_fails(found, "1024 MiB do not fit in this host's 876 MiB", "larger host")


def test_the_capacity_says_from_what_it_is_computed(make_settings: MakeSettings):
    found = memory_checks(make_settings())["capacity"]
    assert found.verdict is Verdict.OK
    assert "6976 of 8000 MiB are for agents, 1024 are kept; one takes 340 awake and 150 asleep; 50%" in found.line
    assert memory_checks(make_settings(memory_overcommit=1.5))["capacity"].verdict is Verdict.WARN


def test_the_disk_of_this_host_and_one_that_is_too_small(make_settings: MakeSettings):
    assert by_name(check_disk(make_settings()))["disk"].verdict is Verdict.OK
    found = by_name(check_disk(make_settings(), needed_mb=10**9))["disk"]
    assert found.verdict is Verdict.FAIL
    assert "at least 1000000000 are needed" in found.line


def test_a_data_folder_that_cannot_be_written_fails(make_settings: MakeSettings):
    file = make_settings(data_dir=Path("/etc/hostname/data"))
    assert_fails(check_disk(file)[0], "/etc/hostname/data cannot be written", "CLAWBOT_DATA_DIR")


def test_an_open_data_folder_is_a_warning(make_settings: MakeSettings, tmp_path: Path):
    (tmp_path / "data").mkdir(mode=0o755)
    assert by_name(check_disk(make_settings()))["data folder"].verdict is Verdict.WARN


@contextmanager
def listener() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_of_another_program_fails_and_our_own_does_not(make_settings: MakeSettings):
    with listener() as port:
        settings = make_settings(web_port=port, agent_ports=(port, port))
        found = by_name(check_ports(settings, {}, NOW))
        ours = by_name(check_ports(settings, {"watchdog": NOW - timedelta(seconds=50)}, NOW))
    assert_fails(found[f"port {port}"], f"another program listens on 127.0.0.1:{port}", "CLAWBOT_WEB_PORT")
    assert found["port 8787"].verdict is Verdict.OK
    assert found[f"ports {port}-{port}"].line == "none is free: no further agent can be made"
    assert ours[f"port {port}"].line == "the web of the running ClawBot listens on 127.0.0.1"


def test_a_silent_watchdog_fails():
    found = check_watchdog({"watchdog": NOW - timedelta(minutes=10)}, NOW)
    line = "watchdog silent since 2026-11-23 11:50:00 UTC: nobody restarts a dead agent"
    assert_fails(found, line, "clawbot run")
    assert check_watchdog({"watchdog": NOW - timedelta(minutes=2)}, NOW).verdict is Verdict.OK
    assert check_watchdog({}, NOW).verdict is Verdict.WARN
