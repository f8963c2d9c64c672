"""What an agent must not be able to do, tried from inside its real container."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manager_bot.demo.play.docker_cli import Box
from manager_bot.demo.play.listeners import planted, reachable
from manager_bot.demo.play.stage import Stage

CONFIG = "/etc/openclaw/openclaw.json"
METADATA = "169.254.169.254"
PRIVATE = ("10.0.0.1", "192.168.0.1", "172.17.0.1")

_CONNECT = """
const net = require("net");
const answers = JSON.parse(process.argv[1]).map(([host, port]) => new Promise((tell) => {
  const socket = net.connect({ host, port, timeout: 3000 });
  const end = (answer) => { socket.destroy(); tell(answer); };
  socket.on("connect", () => end(true)).on("timeout", () => end(false)).on("error", () => end(false));
}));
Promise.all(answers).then((all) => console.log(JSON.stringify(all)));
"""
_POST = """
const { hostname, port, pathname } = new URL(process.argv[1]);
const path = process.argv[1].slice(process.argv[1].indexOf("/", 8));
const request = require("http").request({ hostname, port, path, method: "POST", timeout: 5000 }, (answer) => {
  answer.setEncoding("utf8").on("data", (text) => process.stdout.write(text));
});
request.on("error", (error) => console.log(error.message)).end();
"""


@dataclass(frozen=True, slots=True)
class Confinement:
    """Tries one agent's container, its neighbour's address beside it."""

    stage: Stage
    box: Box
    neighbour: Box
    bridge_address: str
    gateway_port: int

    async def prove(self, secrets: Mapping[str, str], agent_folder: Path) -> None:
        """Everything; *secrets* are values by name that must be nowhere in reach of the agent."""
        await self.prove_profile()
        await self.prove_files()
        await self.prove_network()
        await self.prove_refused_methods()
        await self.prove_no_secret(secrets, agent_folder)

    async def prove_profile(self) -> None:
        """The container's profile, read back from the engine."""
        facts = await self.box.inspect()
        host = facts["HostConfig"]
        published = host["PortBindings"]["18789/tcp"][0]
        mounts = {mount["Destination"]: mount["RW"] for mount in facts["Mounts"]}
        expected = {
            "runs as uid 1000": str(facts["Config"]["User"]).partition(":")[0] == "1000",
            "read-only root": host["ReadonlyRootfs"] is True,
            "all capabilities dropped": host["CapDrop"] == ["ALL"] and not host["CapAdd"],
            "no new privileges": any("no-new-privileges" in option for option in host["SecurityOpt"] or ()),
            "never privileged": host["Privileged"] is False,
            "processes limited": 0 < (host["PidsLimit"] or 0) <= 512,
            "memory limited": host["Memory"] > 0 and host["MemorySwap"] >= host["Memory"],
            "CPU limited by quota, not NanoCpus": host["CpuQuota"] > 0 and host["NanoCpus"] == 0,
            "logs rotated": "max-size" in host["LogConfig"]["Config"],
            "restarted by nobody but the watchdog": host["RestartPolicy"]["Name"] in ("", "no"),
            "an init reaps": host["Init"] is True or "tini" in str(facts["Config"]["Entrypoint"]),
            "health port published on loopback only": published["HostIp"] == "127.0.0.1",
            "data writable, config read-only": mounts.get("/data") is True and mounts.get("/etc/openclaw") is False,
            "one network, not the host's": len(facts["NetworkSettings"]["Networks"]) == 1
            and host["NetworkMode"] != "host",
        }
        for what, true in expected.items():
            self.stage.prove(true, f"container: {what}")

    async def prove_files(self) -> None:
        """It writes in /data and /tmp, nowhere else, and not to its config."""
        for folder in ("/data", "/data/workspace", "/tmp"):  # noqa: S108 - the agent's own
            status, _ = await self.box.run("touch", f"{folder}/probe")
            self.stage.prove(status == 0, f"inside: may write in {folder}")
            await self.box.run("rm", "-f", f"{folder}/probe")
        find = "find / -xdev -type d -writable 2>/dev/null; for d in /dev /dev/shm /dev/mqueue /run /var/tmp /home; do "
        find += 'touch $d/probe 2>/dev/null && echo "$d"; done'
        _, output = await self.box.run("sh", "-c", find)
        allowed = ("/data", "/tmp", "/proc")  # noqa: S108
        other = [line for line in output.split() if not line.startswith(allowed)]
        self.stage.prove(not other, f"inside: may write nowhere else {other or ''}".rstrip())
        status, _ = await self.box.run("sh", "-c", f"echo '{{}}' > {CONFIG}")
        moved, _ = await self.box.run("mv", CONFIG, f"{CONFIG}.old")
        self.stage.prove(status != 0 and moved != 0, "inside: cannot change or replace its own config")

    async def prove_network(self) -> None:
        """The gateway's port answers; the host, the neighbour, private and metadata ranges do not."""
        gateway = [(self.bridge_address, self.gateway_port)]
        self.stage.prove(await self._connects(gateway) == [True], "inside: reaches the gateway")
        neighbour = await _address(self.neighbour)
        own_host = await _host_addresses()
        async with planted(self.bridge_address) as ports:
            self.stage.prove(await reachable("127.0.0.1", ports.everywhere), "planted listeners answer the host itself")
            targets = [(address, ports.everywhere) for address in own_host]
            targets += [("127.0.0.1", ports.loopback), (self.bridge_address, ports.loopback)]
            targets += [(self.bridge_address, ports.bridge), (self.bridge_address, 22), (neighbour, 18789)]
            targets += [(METADATA, 80), *((address, 80) for address in PRIVATE)]
            answers = await self._connects(targets)
        leaks = [f"{host}:{port}" for (host, port), open_ in zip(targets, answers, strict=True) if open_]
        self.stage.prove(
            not leaks, f"inside: none of {len(targets)} forbidden addresses answers {leaks or ''}".rstrip()
        )

    async def prove_refused_methods(self) -> None:
        """The Telegram door refuses what an agent does not need."""
        token, root = await self._door()
        for method in ("setWebhook", "logOut", "close", "getManagedBotToken", "refundStarPayment", "%2e%2e/getMe"):
            answer = await self._post(f"{root}/bot{token}/{method}")
            self.stage.prove('"ok":true' not in answer.replace(" ", ""), f"door: refuses {method}")
        stranger = await self._post(f"{root}/bot{token.partition(':')[0]}:{'A' * 43}/getMe")
        self.stage.prove('"ok":true' not in stranger.replace(" ", ""), "door: refuses a wrong key")

    async def prove_no_secret(self, secrets: Mapping[str, str], agent_folder: Path) -> None:
        """No secret of value in the container's definition, environment, files, or the folder mounted into it."""
        defined = json.dumps(await self.box.inspect())
        _, inside = await self.box.run(
            "sh", "-c", "cat /proc/*/environ /proc/*/cmdline 2>/dev/null; find /data /etc /tmp -type f -exec cat {} +"
        )
        outside = await asyncio.to_thread(_bytes_below, agent_folder)
        for name, value in secrets.items():
            found = value in defined or value in inside or value.encode() in outside
            self.stage.prove(not found, f"inside: no {name} anywhere")

    async def _door(self) -> tuple[str, str]:
        """What the agent takes for its bot token, and the door's address, from its own config."""
        _, text = await self.box.run("cat", CONFIG)
        channel: dict[str, Any] = json.loads(text)["channels"]["telegram"]
        return channel["botToken"], channel["apiRoot"]

    async def _post(self, url: str) -> str:
        """What the door answers to a POST from inside; the path is sent as it stands."""
        _, output = await self.box.node(_POST, url)
        return output

    async def _connects(self, targets: Sequence[tuple[str, int]]) -> list[bool]:
        """Which of these addresses accept a connection from inside, all tried at once."""
        _, output = await self.box.node(_CONNECT, json.dumps(targets))
        answers: list[bool] = json.loads(output)
        return answers


async def _address(box: Box) -> str:
    networks: dict[str, Any] = (await box.inspect())["NetworkSettings"]["Networks"]
    return str(next(iter(networks.values()))["IPAddress"])


async def _host_addresses() -> list[str]:
    """Every IPv4 address of the host, loopback aside, as the kernel lists them."""
    table = await asyncio.to_thread(Path("/proc/net/fib_trie").read_text)
    lines = table.splitlines()
    local = {before.split()[-1] for before, line in itertools.pairwise(lines) if "host LOCAL" in line}
    return sorted(address for address in local if not address.startswith("127."))


def _bytes_below(folder: Path) -> bytes:
    """The content of every regular file below *folder*; links are not followed."""
    parts = []
    for root, _, names in os.walk(folder, followlinks=False):
        for name in names:
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                parts.append(path.read_bytes())
    return b"\n".join(parts)
