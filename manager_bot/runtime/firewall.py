"""The agents' way out, in iptables: the gateway's port and the public web, nothing else.

Two chains of our own, named after the installation's mark, match its bridge alone: one hooked from INPUT (agents to
the host), one from Docker's DOCKER-USER (agents to anywhere else, and anyone to agents).
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from manager_bot.runtime.base import RuntimeRefused

PRIVATE_RANGES = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
"""Private, shared (carrier), link-local with cloud metadata, benchmarking, multicast and reserved."""

BRIDGE_FILTERING = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")

_PREFIX = "CLAWBOT-"
_REPLIES = "-m conntrack --ctstate RELATED,ESTABLISHED"
_CROWD = "-m connlimit --connlimit-above 128 --connlimit-mask 32 --connlimit-saddr"
"""More connections from one address than the doors serve one agent: they would cost the others descriptors."""
_WAIT = ("-w", "5")


@dataclass(frozen=True, slots=True)
class _Hook:
    """A jump from one of the host's chains to ours; ``match`` as iptables prints it back."""

    parent: str
    match: str
    chain: str

    @property
    def rule(self) -> str:
        return f"{self.match} -j {self.chain}"


@dataclass(frozen=True, slots=True)
class Firewall:
    """The rules of one installation; every method is idempotent. An empty ``program``: the iptables Docker uses."""

    mark: str
    bridge: str
    gateway_address: IPv4Address
    gateway_port: int
    public_web: bool = True
    program: str = ""

    async def ensure(self) -> None:
        """The rules stand afterwards, ours first; raises RuntimeRefused with the reason where we may not set them."""
        program = await self._program()
        for chain, rules in self._chains().items():
            if await self._listed(program, chain) != rules:
                await _transact(program, [f":{chain} - [0:0]", *rules])
        for hook in self._hooks():
            await self._hook(program, hook)
        if _has_ipv6():
            for hook in self._hooks_ipv6():
                await self._hook(_six(program), hook)
        if not _bridge_filtering():
            raise RuntimeRefused(f"{BRIDGE_FILTERING} is not 1: agents could reach each other (modprobe br_netfilter)")

    async def stands(self) -> bool:
        """Whether every rule is in force now, in front of the host's own."""
        try:
            program = await self._program()
            for chain, rules in self._chains().items():
                if await self._listed(program, chain) != rules:
                    return False
            placed = [await self._is_first(program, hook) for hook in self._hooks()]
            if _has_ipv6():
                placed += [await self._is_first(_six(program), hook) for hook in self._hooks_ipv6()]
        except RuntimeRefused:
            return False
        return all(placed) and _bridge_filtering()

    def rules(self) -> list[str]:
        """The commands that make the rules by hand; what ``doctor`` prints where the manager may not."""
        lines = [f"sysctl -w net.bridge.{BRIDGE_FILTERING.name}=1"]
        for chain, rules in self._chains().items():
            lines += [f"iptables -w -N {chain}", *(f"iptables -w {rule}" for rule in rules)]
        lines += [f"iptables -w -I {hook.parent} 1 {hook.rule}" for hook in self._hooks()]
        lines += [f"ip6tables -w -I {hook.parent} 1 {hook.rule}" for hook in self._hooks_ipv6()]
        return lines

    async def remove(self) -> None:
        """None of our rules is left afterwards."""
        program = await self._program()
        for hook in self._hooks():
            await self._unhook(program, hook)
        for chain in self._chains():
            await _run(program, *_WAIT, "-F", chain)
            await _run(program, *_WAIT, "-X", chain)
        if _has_ipv6():
            for hook in self._hooks_ipv6():
                await self._unhook(_six(program), hook)

    # -- what should be ------------------------------------------------------------------------------

    @property
    def _to_host(self) -> str:
        return f"{_PREFIX}IN-{self.mark}"

    @property
    def _to_world(self) -> str:
        return f"{_PREFIX}FWD-{self.mark}"

    def _chains(self) -> dict[str, list[str]]:
        """Each chain's rules, word for word as ``iptables -S`` prints them."""
        gate = f"-d {self.gateway_address}/32 -p tcp -m tcp --dport {self.gateway_port}"
        to_host, to_world = f"-A {self._to_host}", f"-A {self._to_world}"
        blocked = [f"{to_world} -d {network} -j DROP" for network in PRIVATE_RANGES]
        return {
            self._to_host: [
                f"{to_host} {_REPLIES} -j ACCEPT",
                f"{to_host} {gate} {_CROWD} -j REJECT --reject-with tcp-reset",
                f"{to_host} {gate} -j ACCEPT",
                f"{to_host} -j DROP",
            ],
            self._to_world: [
                f"{to_world} {_REPLIES} -j RETURN",
                f"{to_world} -o {self.bridge} -j DROP",
                *blocked,
                f"{to_world} -j {'RETURN' if self.public_web else 'DROP'}",
            ],
        }

    def _hooks(self) -> tuple[_Hook, ...]:
        return (
            _Hook("INPUT", f"-i {self.bridge}", self._to_host),
            _Hook("DOCKER-USER", f"-i {self.bridge}", self._to_world),
            _Hook("DOCKER-USER", f"-o {self.bridge}", self._to_world),
        )

    def _hooks_ipv6(self) -> tuple[_Hook, ...]:
        """Agents have no IPv6; the bridge itself has a link-local address on the host."""
        return (_Hook("INPUT", f"-i {self.bridge}", "DROP"), _Hook("FORWARD", f"-i {self.bridge}", "DROP"))

    # -- what is -------------------------------------------------------------------------------------

    async def _program(self) -> str:
        """The iptables (nft or legacy) that Docker itself writes to."""
        reason = "iptables is not installed"
        for name in (self.program,) if self.program else ("iptables", "iptables-nft", "iptables-legacy"):
            code, answer = await _run(name, *_WAIT, "-S", "DOCKER-USER")
            if code == 0:
                return name
            if code != _NOT_INSTALLED:
                reason = answer.splitlines()[0] if answer else reason
        raise RuntimeRefused(f"the agents' firewall cannot be set: {reason}")

    async def _listed(self, program: str, chain: str) -> list[str]:
        code, answer = await _run(program, *_WAIT, "-S", chain)
        return [line for line in answer.splitlines() if line.startswith("-A ")] if code == 0 else []

    async def _is_first(self, program: str, hook: _Hook) -> bool:
        """Whether the jump stands, with nothing before it that could let an agent through."""
        for line in await self._listed(program, hook.parent):
            if line == f"-A {hook.parent} {hook.rule}":
                return True
            if f"-j {_PREFIX}" not in line and not line.endswith("-j DROP"):
                return False
        return False

    async def _hook(self, program: str, hook: _Hook) -> None:
        if not await self._is_first(program, hook):
            drops = await self._drops(program, hook)
            await _transact(program, [*drops, f"-I {hook.parent} 1 {hook.rule}"])

    async def _unhook(self, program: str, hook: _Hook) -> None:
        if drops := await self._drops(program, hook):
            await _transact(program, drops)

    async def _drops(self, program: str, hook: _Hook) -> list[str]:
        """A deletion for each copy of the jump; by content, never by number, which may have moved meanwhile."""
        copies = (await self._listed(program, hook.parent)).count(f"-A {hook.parent} {hook.rule}")
        return [f"-D {hook.parent} {hook.rule}"] * copies


_NOT_INSTALLED = 127


async def _run(program: str, *arguments: str, text: str = "") -> tuple[int, str]:
    """Exit code and output (errors included); 127 where there is no such program."""
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"},
        )
    except (FileNotFoundError, PermissionError):
        return _NOT_INSTALLED, ""
    output, _ = await process.communicate(text.encode())
    return process.returncode or 0, output.decode(errors="replace")


async def _transact(program: str, lines: list[str]) -> None:
    """Apply all lines or none: there is no moment without rules."""
    text = "\n".join(["*filter", *lines, "COMMIT", ""])
    code, answer = await _run(f"{program}-restore", *_WAIT, "--noflush", text=text)
    if code != 0:
        raise RuntimeRefused(f"the agents' firewall cannot be set: {answer.strip() or program}")


def _six(program: str) -> str:
    return program.replace("iptables", "ip6tables")


def _has_ipv6() -> bool:
    return Path("/proc/net/if_inet6").exists()


def _bridge_filtering() -> bool:
    try:
        return BRIDGE_FILTERING.read_text().strip() == "1"
    except OSError:
        return False
