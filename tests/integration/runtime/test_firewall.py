# ruff: noqa: ASYNC221 - iptables answers in milliseconds
"""The firewall with real containers: what must be closed is closed, what must work works."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from ipaddress import IPv4Address

import aiohttp
import docker
import pytest
from standin_agent import Plot

from manager_bot.runtime.docker import DockerRuntime
from manager_bot.runtime.firewall import Firewall

GATEWAY_PORT = 18787
PLANTED_PORT = 18788


@pytest.fixture
async def firewall(runtime: DockerRuntime, plot: Plot) -> AsyncIterator[Firewall]:
    bridge_address = IPv4Address(next(plot.subnet.hosts()))
    made = Firewall(plot.mark, runtime.network.bridge, bridge_address, GATEWAY_PORT)
    await made.ensure()
    yield made
    await made.remove()


@pytest.fixture
async def planted(runtime: DockerRuntime) -> AsyncIterator[None]:
    """Listeners on every address of the host, at the gateway's port and beside it."""

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"open")
        writer.close()

    servers = [await asyncio.start_server(greet, "0.0.0.0", port) for port in (GATEWAY_PORT, PLANTED_PORT)]  # noqa: S104
    yield
    for server in servers:
        server.close()


def _save() -> list[str]:
    lines = subprocess.run(["iptables-save"], check=True, capture_output=True, text=True).stdout.splitlines()  # noqa: S607
    return [line for line in lines if line.startswith(("-A", ":")) and "docker" not in line.lower()]


def _ours(plot: Plot) -> list[str]:
    """Our chains, rules and hooks; Docker has rules of its own for the bridge."""
    return [line for line in _save() if f"CLAWBOT-IN-{plot.mark}" in line or f"CLAWBOT-FWD-{plot.mark}" in line]


async def _inside(container: str, command: str) -> bool:
    """Whether *command* succeeds in the container."""

    def run() -> bool:
        client = docker.APIClient()
        job = client.exec_create(container, ["sh", "-c", command])
        client.exec_start(job["Id"])
        code = client.exec_inspect(job["Id"])["ExitCode"]
        client.close()
        return code == 0

    return await asyncio.to_thread(run)


async def _soon(container: str, command: str) -> bool:
    """Whether *command* succeeds within five seconds: the stand-in has just been started."""
    return await _inside(container, f"for i in $(seq 25); do {command} && exit 0; sleep 0.2; done; exit 1")


async def _reaches(container: str, address: str, port: int) -> bool:
    return await _inside(container, f"nc -w 2 {address} {port} </dev/null | grep -q open")


def _own_addresses() -> list[str]:
    shown = subprocess.run(["ip", "-4", "-o", "addr"], check=True, capture_output=True, text=True).stdout  # noqa: S607
    return [line.split()[3].split("/")[0] for line in shown.splitlines()]


@pytest.mark.usefixtures("planted")
async def test_an_agent_reaches_the_gateway_and_nothing_else_of_the_host(
    runtime: DockerRuntime, plot: Plot, firewall: Firewall
) -> None:
    one = await runtime.create(plot.spec(1))
    await runtime.start(1)
    bridge_address = str(firewall.gateway_address)
    assert await _reaches(one.container_id, bridge_address, GATEWAY_PORT)
    places = [(address, port) for address in _own_addresses() for port in (GATEWAY_PORT, PLANTED_PORT)]
    places.remove((bridge_address, GATEWAY_PORT))
    reached = await asyncio.gather(*(_reaches(one.container_id, *place) for place in places))
    assert [place for place, open_ in zip(places, reached, strict=True) if open_] == []


async def test_one_agent_cannot_hold_more_connections_than_its_share(
    runtime: DockerRuntime, plot: Plot, firewall: Firewall
) -> None:
    """Connections that say nothing, as many as an agent can open; another agent is still let in."""
    held: list[asyncio.StreamWriter] = []

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        writer.write(b"open")
        await writer.drain()

    address = str(firewall.gateway_address)
    server = await asyncio.start_server(hold, address, GATEWAY_PORT)
    try:
        greedy, modest = [await runtime.create(plot.spec(agent_id)) for agent_id in (1, 2)]
        for agent_id in (1, 2):
            await runtime.start(agent_id)
        each = f"nc {address} {GATEWAY_PORT} <&3 >/dev/null 2>&1 &"
        many = f"sleep 6 | {{ exec 3<&0; for i in $(seq 150); do {each} done; sleep 5; }}"
        assert await _inside(greedy.container_id, many)
        assert len(held) == 128
        assert not await _reaches(greedy.container_id, address, GATEWAY_PORT)
        hello = f"timeout 2 nc {address} {GATEWAY_PORT} </dev/null | grep -q open"
        assert await _inside(modest.container_id, hello)
    finally:
        for writer in held:
            writer.close()
        server.close()


@pytest.mark.usefixtures("planted")
async def test_without_the_firewall_the_same_listeners_are_reached(
    runtime: DockerRuntime, plot: Plot, firewall: Firewall
) -> None:
    """Shows that the test above can fail."""
    await firewall.remove()
    one = await runtime.create(plot.spec(1))
    await runtime.start(1)
    assert await _reaches(one.container_id, str(firewall.gateway_address), PLANTED_PORT)


async def test_neighbours_do_not_reach_each_other(runtime: DockerRuntime, plot: Plot, firewall: Firewall) -> None:
    for agent_id in (1, 2):
        await runtime.create(plot.spec(agent_id))
        await runtime.start(agent_id)
    client = docker.APIClient()
    one, two = [(await runtime.state(agent_id)).container_id for agent_id in (1, 2)]
    address = client.inspect_container(two)["NetworkSettings"]["Networks"][plot.network]["IPAddress"]
    client.close()
    ask = "printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' | nc -w 2 {} 18789 | grep -q live"
    assert await _soon(two, ask.format("127.0.0.1"))
    assert not await _inside(one, ask.format(address))
    assert not await _inside(one, f"ping -c 1 -W 1 {address}")


async def test_the_health_port_still_answers_the_host(runtime: DockerRuntime, plot: Plot, firewall: Firewall) -> None:
    await runtime.create(plot.spec(1))
    await runtime.start(1)
    async with aiohttp.ClientSession() as session:
        for _ in range(50):
            try:
                async with session.get(f"http://127.0.0.1:{plot.first_port + 1}/readyz") as answer:
                    assert answer.status == 200
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    pytest.fail("the health port does not answer the host")


async def test_private_and_metadata_ranges_are_dropped_even_where_a_route_leads_there(
    runtime: DockerRuntime, plot: Plot, firewall: Firewall, standin_image: str
) -> None:
    """A container on another bridge plays the private network; its address is the planted listener."""
    client = docker.APIClient()
    other = client.create_container(standin_image, labels={"clawbot.test": plot.mark})["Id"]
    try:
        client.start(other)
        address = client.inspect_container(other)["NetworkSettings"]["IPAddress"]
        one = await runtime.create(plot.spec(1))
        await runtime.start(1)
        assert await _soon(other, f"echo 'GET /healthz' | nc -w 2 {address} 18789 | grep -q live")
        assert not await _inside(one.container_id, f"nc -w 2 {address} 18789 </dev/null")
        for place in ("169.254.169.254", "10.255.255.1", "192.168.1.1", "100.64.0.1"):
            assert not await _inside(one.container_id, f"nc -w 1 {place} 80 </dev/null"), place
    finally:
        client.remove_container(other, force=True)
        client.close()
    counted = subprocess.run(  # noqa: S603
        ["iptables", "-w", "-nvxL", f"CLAWBOT-FWD-{plot.mark}"],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    dropped = {line.split()[8]: int(line.split()[0]) for line in counted if " DROP " in line}
    for network in ("172.16.0.0/12", "169.254.0.0/16", "10.0.0.0/8", "192.168.0.0/16", "100.64.0.0/10"):
        assert dropped[network] > 0, (network, counted)


async def test_ensure_is_idempotent_repairs_and_remove_leaves_nothing(runtime: DockerRuntime, plot: Plot) -> None:
    before = _save()
    wall = Firewall(plot.mark, runtime.network.bridge, IPv4Address(next(plot.subnet.hosts())), GATEWAY_PORT)
    assert not await wall.stands()
    await wall.ensure()
    first = _ours(plot)
    await wall.ensure()
    assert _ours(plot) == first
    assert await wall.stands()
    _iptables("-F", f"CLAWBOT-IN-{plot.mark}")
    assert not await wall.stands()
    await wall.ensure()
    assert await wall.stands()
    _iptables("-D", "DOCKER-USER", "-o", wall.bridge, "-j", f"CLAWBOT-FWD-{plot.mark}")
    assert not await wall.stands()
    await wall.ensure()
    assert [line for line in _ours(plot) if line.startswith("-A C")] == [
        line for line in first if line.startswith("-A C")
    ]
    await wall.remove()
    await wall.remove()
    assert _ours(plot) == []
    assert [line for line in before if "CLAWBOT" not in line] == [line for line in _save() if "CLAWBOT" not in line]


async def test_a_rule_of_the_host_before_ours_is_noticed_and_overtaken(
    runtime: DockerRuntime, plot: Plot, firewall
) -> None:
    rule = ("INPUT", "-i", firewall.bridge, "-m", "comment", "--comment", f"test {plot.mark}", "-j", "ACCEPT")
    _iptables("-I", *rule)
    try:
        assert not await firewall.stands()
        await firewall.ensure()
        assert await firewall.stands()
    finally:
        _iptables("-D", *rule)


async def test_two_installations_stand_beside_each_other(
    runtime: DockerRuntime, plot: Plot, firewall: Firewall
) -> None:
    other = Firewall("secondmark1", "cb-secondmark1", IPv4Address("10.9.9.1"), GATEWAY_PORT)
    await other.ensure()
    try:
        assert await other.stands()
        assert await firewall.stands()
        await other.remove()
        assert await firewall.stands()
    finally:
        await other.remove()


async def test_the_printed_rules_are_the_rules(runtime: DockerRuntime, plot: Plot) -> None:
    """What doctor prints, typed in by an operator, satisfies the check."""
    wall = Firewall(plot.mark, runtime.network.bridge, IPv4Address(next(plot.subnet.hosts())), GATEWAY_PORT)
    try:
        for line in wall.rules():
            subprocess.run(line.split(), check=True, capture_output=True)  # noqa: S603
        assert await wall.stands()
    finally:
        await wall.remove()


async def test_the_legacy_tables_print_rules_back_alike(plot: Plot) -> None:
    """The comparison in ``stands`` is with iptables' own words; the other back end must use the same.

    In a network namespace of its own: the host's tables are not touched.
    """
    wall = Firewall(plot.mark, "cb-legacytest", IPv4Address("10.9.9.1"), GATEWAY_PORT)
    for chain, rules in wall._chains().items():
        text = "\n".join(["*filter", f":{chain} - [0:0]", *rules, "COMMIT", ""])
        command = f"iptables-legacy-restore -w --noflush && iptables-legacy -w -S {chain}"
        shown = subprocess.run(  # noqa: S603
            ["unshare", "-n", "sh", "-c", command],  # noqa: S607
            input=text,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        assert shown.splitlines()[1:] == rules


def _iptables(*arguments: str) -> str:
    return subprocess.run(["iptables", "-w", *arguments], check=True, capture_output=True, text=True).stdout  # noqa: S603, S607
