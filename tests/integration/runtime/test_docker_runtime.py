"""The runtime's verbs on a real engine."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from ipaddress import IPv4Network

import docker
import pytest
from standin_agent import Plot

from manager_bot.errors import RuntimeUnavailable
from manager_bot.runtime.base import ContainerEventKind, RuntimeRefused
from manager_bot.runtime.docker import DockerRuntime
from models import ContainerStatus


@pytest.fixture
def engine():
    client = docker.APIClient()
    yield client
    client.close()


async def test_the_container_has_the_whole_profile(
    runtime: DockerRuntime, plot: Plot, engine: docker.APIClient
) -> None:
    spec = plot.spec(1, memory_mb=64, swap_mb=128, cpu=0.25)
    state = await runtime.create(spec)
    await runtime.start(1)
    found = engine.inspect_container(state.container_id)
    host = found["HostConfig"]
    assert found["Config"]["User"] == "1000:1000"
    assert host["ReadonlyRootfs"]
    assert set(host["Tmpfs"]) == {"/tmp", "/dev/mqueue"}  # noqa: S108 - inside the container
    assert host["Tmpfs"]["/dev/mqueue"].startswith("ro,")
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert not host["Privileged"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["Init"]
    assert host["PidsLimit"] == 256
    assert (host["Memory"], host["MemorySwap"]) == (64 << 20, 192 << 20)
    assert (host["CpuPeriod"], host["CpuQuota"], host["NanoCpus"]) == (100_000, 25_000, 0)
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "2", "max-size": "5m"}}
    assert host["RestartPolicy"]["Name"] == "no"
    assert found["NetworkSettings"]["Ports"] == {
        "18789/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(spec.health_port)}]
    }
    mounts = {one["Destination"]: (one["Source"], one["RW"]) for one in found["Mounts"]}
    assert mounts == {"/data": (str(spec.data_dir), True), "/etc/openclaw": (str(spec.config_dir), False)}
    assert (
        found["Config"]["Labels"].items()
        >= {
            "clawbot.installation": plot.mark,
            "clawbot.agent": "1",
            "clawbot.spec": spec.digest(),
        }.items()
    )


async def test_inside_nothing_but_data_and_tmp_can_be_written(
    runtime: DockerRuntime, plot: Plot, engine: docker.APIClient
) -> None:
    state = await runtime.create(plot.spec(1))
    await runtime.start(1)

    def inside(command: str) -> int:
        job = engine.exec_create(state.container_id, ["sh", "-c", command])
        engine.exec_start(job["Id"])
        return int(engine.exec_inspect(job["Id"])["ExitCode"])

    assert inside("echo x >/data/x && echo x >/tmp/x") == 0
    for place in (
        "/x",
        "/etc/openclaw/x",
        "/etc/x",
        "/bin/x",
        "/proc/sys/kernel/hostname",
        "/dev/shm/x",  # noqa: S108 - inside the container
        "/dev/mqueue/x",
        "/dev/x",
    ):
        assert inside(f"echo x >{place}") != 0, place
    assert inside("mount -t tmpfs x /tmp") != 0
    assert inside("[ $(id -u) = 1000 ]") == 0
    assert inside("grep -q 'CapEff:.0000000000000000' /proc/self/status") == 0
    assert inside("grep -q 'NoNewPrivs:.1' /proc/self/status") == 0


async def test_every_verb_may_be_said_twice(runtime: DockerRuntime, plot: Plot) -> None:
    spec = plot.spec(1)
    first = await runtime.create(spec)
    assert (await runtime.create(spec)).container_id == first.container_id
    await runtime.start(1)
    await runtime.start(1)
    running = await runtime.state(1)
    assert running is not None
    assert running.status is ContainerStatus.RUNNING
    assert running.started_at is not None
    await runtime.stop(1, grace=1)
    await runtime.stop(1, grace=1)
    stopped = await runtime.state(1)
    assert stopped is not None
    assert stopped.status is ContainerStatus.EXITED
    await runtime.remove(1)
    await runtime.remove(1)
    assert await runtime.state(1) is None
    await runtime.stop(1)
    with pytest.raises(RuntimeRefused):
        await runtime.start(1)


async def test_two_creates_at_once_make_one_container(runtime: DockerRuntime, plot: Plot) -> None:
    made = await asyncio.gather(*(runtime.create(plot.spec(1)) for _ in range(4)), return_exceptions=True)
    assert len(await runtime.states()) == 1, made
    assert not [one for one in made if isinstance(one, BaseException)]


async def test_a_changed_spec_makes_the_container_anew(runtime: DockerRuntime, plot: Plot) -> None:
    old = await runtime.create(plot.spec(1))
    new = await runtime.create(plot.spec(1, memory_mb=48))
    assert new.container_id != old.container_id
    assert [one.container_id for one in await runtime.states()] == [new.container_id]


async def test_a_paused_container_is_started_and_stopped(runtime: DockerRuntime, plot: Plot, engine) -> None:
    state = await runtime.create(plot.spec(1))
    await runtime.start(1)
    engine.pause(state.container_id)
    await runtime.start(1)
    async with asyncio.timeout(5):
        while (await runtime.state(1)).status is not ContainerStatus.RUNNING:
            await runtime.start(1)
    engine.pause(state.container_id)
    await runtime.stop(1, grace=1)
    assert (await runtime.state(1)).status is ContainerStatus.EXITED


async def test_another_installation_and_strangers_are_never_touched(
    runtime: DockerRuntime, plot: Plot, standin_image: str, engine: docker.APIClient
) -> None:
    stranger = engine.create_container(standin_image, name=plot.name(1))["Id"]
    other = engine.create_container(
        standin_image, labels={"clawbot.installation": "someoneelse", "clawbot.agent": "1", "clawbot.test": plot.mark}
    )["Id"]
    try:
        assert await runtime.states() == []
        assert await runtime.state(1) is None
        with pytest.raises(RuntimeRefused, match="in use"):
            await runtime.create(plot.spec(1))
        await runtime.stop(1)
        await runtime.remove(1)
        engine.inspect_container(stranger)
        engine.inspect_container(other)
    finally:
        for one in (stranger, other):
            engine.remove_container(one, force=True)


async def test_a_taken_port_is_a_refusal_with_its_reason(runtime: DockerRuntime, plot: Plot) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", plot.first_port + 1)
    async with server:
        await runtime.create(plot.spec(1))
        with pytest.raises(RuntimeRefused, match=r"in use|allocated"):
            await runtime.start(1)


async def test_events_say_what_happened_and_since_replays_what_was_missed(
    runtime: DockerRuntime, plot: Plot, engine: docker.APIClient
) -> None:
    before = datetime.now(UTC)
    state = await runtime.create(plot.spec(1))
    await runtime.start(1)
    engine.kill(state.container_id)
    await _until_exited(runtime)
    seen = []
    stream = runtime.events(before)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2):
            async for event in stream:
                seen.append((event.kind, event.agent_id, event.exit_code))  # noqa: PERF401 - cut off by the timeout
    assert seen == [
        (ContainerEventKind.STARTED, 1, None),
        (ContainerEventKind.SIGNALLED, 1, None),
        (ContainerEventKind.DIED, 1, 137),
    ]


async def test_exit_code_and_out_of_memory_are_told_apart(runtime: DockerRuntime, plot: Plot) -> None:
    for agent_id, word in enumerate(("crash", "clean", "config", "leak"), 1):
        plot.behave(agent_id, word)
        await runtime.create(plot.spec(agent_id, memory_mb=16))
        await runtime.start(agent_id)
    ends = []
    for agent_id in range(1, 5):
        await _until_exited(runtime, agent_id)
        state = await runtime.state(agent_id)
        ends.append((state.exit_code, state.oom_killed))
    assert ends == [(1, False), (0, False), (78, False), (137, True)]
    listed = {state.agent_id: state.exit_code for state in await runtime.states()}
    assert listed == {1: 1, 2: 0, 3: 78, 4: 137}


async def test_memory_is_read_from_the_cgroup(runtime: DockerRuntime, plot: Plot) -> None:
    await runtime.create(plot.spec(1, memory_mb=32))
    assert await runtime.memory(1) is None
    await runtime.start(1)
    use = await runtime.memory(1)
    assert use is not None
    assert use.limit == 32 << 20
    assert 0 < use.used < use.limit


async def test_the_cpu_is_boosted_and_capped_again_without_a_new_container(
    runtime: DockerRuntime, plot: Plot, engine: docker.APIClient
) -> None:
    spec = plot.spec(1, cpu=0.25, swap_mb=32)
    state = await runtime.create(spec)
    await runtime.start(1)
    await runtime.limit_cpu(1, 2.0)
    assert engine.inspect_container(state.container_id)["HostConfig"]["CpuQuota"] == 200_000
    await runtime.limit_cpu(1, 0.25)
    host = engine.inspect_container(state.container_id)["HostConfig"]
    assert (host["CpuQuota"], host["Memory"], host["MemorySwap"]) == (25_000, 32 << 20, 64 << 20)
    assert (await runtime.create(spec)).container_id == state.container_id


async def test_logs_are_the_last_lines(runtime: DockerRuntime, plot: Plot) -> None:
    plot.behave(1, "crash")
    await runtime.create(plot.spec(1))
    await runtime.start(1)
    await _until_exited(runtime)
    assert (await runtime.logs(1, 1)).strip() == "uncaught error"
    assert await runtime.logs(2, 10) == ""


async def test_the_network_is_made_once_and_not_shared_with_strangers(
    runtime: DockerRuntime, plot: Plot, engine: docker.APIClient
) -> None:
    await runtime.prepare()
    (network,) = engine.networks(names=[plot.network])
    assert network["Options"]["com.docker.network.bridge.enable_icc"] == "false"
    assert network["Options"]["com.docker.network.bridge.name"] == f"cb-{plot.mark}"
    assert not network["Internal"]
    assert not network["EnableIPv6"]
    thief = DockerRuntime("anothermark", network=plot.network, subnet=plot.subnet)
    with pytest.raises(RuntimeRefused, match="not ours"):
        await thief.prepare()
    thief.close()


async def test_addresses_that_another_network_has_are_refused_with_the_setting(runtime: DockerRuntime, plot: Plot):
    rival = DockerRuntime(f"{plot.mark}x", network=f"{plot.network}-rival", subnet=plot.subnet)
    with pytest.raises(
        RuntimeRefused, match=r"uses addresses of 10\.[0-9.]+/24: set CLAWBOT_AGENT_SUBNET to some that"
    ):
        await rival.prepare()
    rival.close()


async def test_the_subnet_stays_while_agents_run_on_it(
    runtime: DockerRuntime, plot: Plot, engine: docker.APIClient
) -> None:
    await runtime.create(plot.spec(1))
    await runtime.start(1)
    elsewhere = DockerRuntime(plot.mark, network=plot.network, subnet=IPv4Network("10.251.250.0/24"))
    with pytest.raises(RuntimeRefused, match="set CLAWBOT_AGENT_SUBNET back"):
        await elsewhere.prepare()
    await runtime.remove(1)
    await elsewhere.prepare()
    (network,) = engine.networks(names=[plot.network])
    assert network["IPAM"]["Config"][0]["Subnet"] == "10.251.250.0/24"
    elsewhere.close()


async def test_a_silent_engine_is_unavailable(plot: Plot, tmp_path) -> None:
    nobody = DockerRuntime(plot.mark, network="x", subnet=plot.subnet, base_url=f"unix://{tmp_path}/none.sock")
    with pytest.raises(RuntimeUnavailable):
        await nobody.ping()
    with pytest.raises(RuntimeUnavailable):
        await nobody.states()
    with pytest.raises(RuntimeUnavailable):
        await anext(aiter(nobody.events(None)))
    nobody.close()


async def test_capacity_is_the_hosts(runtime: DockerRuntime) -> None:
    capacity = await runtime.capacity()
    assert capacity.memory_mb > 500
    assert capacity.cpus >= 1


async def _until_exited(runtime: DockerRuntime, agent_id: int = 1) -> None:
    async with asyncio.timeout(20):
        while (state := await runtime.state(agent_id)) is None or state.status is not ContainerStatus.EXITED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
