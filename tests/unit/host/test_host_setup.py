"""Swap, kernel and engine settings: set, set again, and taken back to what stood before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bare_machine import Machine

MEMORY_MB = 512


class Kernel:
    """A machine with a made-up kernel; its commands for swap do what the real ones do to /proc/swaps."""

    def __init__(self, machine: Machine, *, zram: bool = True) -> None:
        self.machine, self.root = machine, machine.root / "host"
        for folder in ("etc/docker", "proc/sys/vm", "proc/sys/net/bridge", "sys/class/zram-control", "sys/block/zram7"):
            (self.root / folder).mkdir(parents=True)
        self.write("proc/swaps", "Filename Type Size Used Priority\n")
        self.write("proc/sys/vm/swappiness", "60\n")
        self.write("proc/sys/vm/page-cluster", "3\n")
        self.write("proc/sys/net/bridge/bridge-nf-call-iptables", "0\n")
        if zram:
            self.write("sys/class/zram-control/hot_add", "7\n")
            self.write("sys/block/zram7/comp_algorithm", "[lzo-rle] lzo lz4\n")
        swaps = self.root / "proc/swaps"
        machine.command("bin/mkswap", "exit 0")
        machine.command("bin/swapon", f'echo "$3 partition 524288 1024 $2" >> {swaps}')
        machine.command("bin/swapoff", f'grep -v "^$1 " {swaps} > {swaps}.new; mv {swaps}.new {swaps}')

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text)

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def run(self, script: str, verb: str, **settings: str) -> list[str]:
        """What the script said; it must succeed."""
        done = self.machine.run(script, self.settings(settings), verb)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def refused(self, script: str, verb: str, **settings: str) -> str:
        """The one line in which the script said why not."""
        done = self.machine.run(script, self.settings(settings), verb)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        return done.stderr

    def settings(self, more: dict[str, str]) -> dict[str, str]:
        return {
            "CLAWBOT_HOST_ROOT": str(self.root),
            "CLAWBOT_SYS": str(self.root / "sys"),
            "CLAWBOT_PROC_SWAPS": str(self.root / "proc/swaps"),
            "CLAWBOT_SWAP_STATE": str(self.root / "swap-state"),
            "CLAWBOT_SWAP_FILE": str(self.root / "swapfile"),
            "CLAWBOT_SWAP_MB": str(MEMORY_MB),
            **more,
        }

    def tree(self) -> dict[str, str]:
        """Everything an operator would find under /etc and in the kernel's settings."""
        files = [path for part in ("etc", "proc") for path in (self.root / part).rglob("*") if path.is_file()]
        return {str(path.relative_to(self.root)): path.read_text() for path in files}


@pytest.fixture
def kernel(machine: Machine) -> Kernel:
    return Kernel(machine)


def test_compressed_swap_is_made_once_and_taken_away(kernel: Kernel) -> None:
    said = kernel.run("swap.sh", "start")

    assert said == [f"swap: {MEMORY_MB} MiB on /dev/zram7, compressed in memory (lz4)"]
    assert kernel.read("sys/block/zram7/disksize") == f"{MEMORY_MB}M\n"
    assert kernel.read("sys/block/zram7/mem_limit") == f"{MEMORY_MB // 2}M\n"
    assert kernel.run("swap.sh", "start") == ["swap: already on (/dev/zram7)"]
    assert kernel.read("proc/swaps").count("/dev/zram7") == 1

    assert kernel.run("swap.sh", "stop") == ["swap: taken away (/dev/zram7)"]
    assert kernel.read("sys/class/zram-control/hot_remove") == "7\n"
    assert kernel.run("swap.sh", "stop") == ["swap: nothing of ours is on"]


def test_swap_of_the_operators_own_is_left_alone(kernel: Kernel) -> None:
    kernel.write("proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1048576 0 -2\n")
    kernel.run("swap.sh", "start")
    kernel.run("swap.sh", "stop")

    assert "/dev/sda2" in kernel.read("proc/swaps")


def test_a_kernel_without_zram_gets_a_file_that_only_root_reads(machine: Machine) -> None:
    kernel = Kernel(machine, zram=False)
    machine.command("bin/df", "echo head; echo disk 9 9 90000 9% /")

    (said,) = kernel.run("swap.sh", "start", CLAWBOT_SWAP_MB="4")

    swapfile = kernel.root / "swapfile"
    assert said.startswith(f"swap: 4 MiB in {swapfile}: this kernel has no zram")
    assert (swapfile.stat().st_size, swapfile.stat().st_mode & 0o777) == (4 << 20, 0o600)
    kernel.run("swap.sh", "stop")
    assert not swapfile.exists()


def test_no_room_for_a_file_says_so_and_makes_none(machine: Machine) -> None:
    kernel = Kernel(machine, zram=False)
    machine.command("bin/df", "echo head; echo disk 9 9 2500 9% /")

    assert "2500 MB of disk are too little for a swap file of 512 MB" in kernel.refused("swap.sh", "start")
    assert not (kernel.root / "swapfile").exists()


def test_a_container_that_may_not_swap_says_where_to_do_it(machine: Machine) -> None:
    kernel = Kernel(machine, zram=False)
    machine.command("bin/df", "echo head; echo disk 9 9 90000 9% /")
    machine.command("bin/swapon", "echo 'swapon failed: Operation not permitted' >&2; exit 255")

    refused = kernel.refused("swap.sh", "start", CLAWBOT_SWAP_MB="4")

    assert "Operation not permitted: is this a container? Then set swap up on its host" in refused
    assert not (kernel.root / "swapfile").exists()


def test_swap_that_does_not_fit_into_memory_stays_on(kernel: Kernel) -> None:
    kernel.run("swap.sh", "start")
    kernel.machine.command("bin/swapoff", "exit 1")

    assert "stop some agents" in kernel.refused("swap.sh", "stop")
    assert kernel.run("swap.sh", "start") == ["swap: already on (/dev/zram7)"]


def test_a_host_is_set_up_again_and_taken_back(kernel: Kernel) -> None:
    kernel.write("etc/docker/daemon.json", '{"log-opts": {"max-size": "50m"}, "data-root": "/srv/docker"}')
    stood_before = kernel.tree()

    kernel.run("setup.sh", "apply")
    once = kernel.tree()
    kernel.run("setup.sh", "apply")

    assert kernel.tree() == once
    assert kernel.read("proc/sys/vm/swappiness") == "100\n"
    assert kernel.read("proc/sys/vm/page-cluster") == "0\n"
    assert kernel.read("proc/sys/net/bridge/bridge-nf-call-iptables") == "1\n"
    assert json.loads(kernel.read("etc/docker/daemon.json")) == {
        "data-root": "/srv/docker",
        "live-restore": True,
        "log-opts": {"max-file": "3", "max-size": "50m"},
    }
    kernel.run("setup.sh", "undo")
    assert kernel.tree() == stood_before
    kernel.run("setup.sh", "undo")
    assert kernel.tree() == stood_before


def test_without_compressed_swap_the_settings_for_it_are_not_made(machine: Machine) -> None:
    kernel = Kernel(machine, zram=False)
    machine.command("bin/df", "echo head; echo disk 9 9 90000 9% /")

    kernel.run("setup.sh", "apply", CLAWBOT_SWAP_MB="4")

    assert kernel.read("proc/sys/vm/swappiness") == "60\n"
    assert not (kernel.root / "etc/sysctl.d/91-clawbot-zram.conf").exists()


def test_engine_settings_that_are_no_json_are_not_touched(kernel: Kernel) -> None:
    kernel.write("etc/docker/daemon.json", "{ live-restore }")

    assert "is no JSON" in kernel.refused("setup.sh", "apply")
    assert kernel.read("etc/docker/daemon.json") == "{ live-restore }"


def test_engine_settings_changed_since_stay(kernel: Kernel) -> None:
    kernel.run("setup.sh", "apply")
    kernel.write("etc/docker/daemon.json", '{"live-restore": false}')

    assert any("it stays" in line for line in kernel.run("setup.sh", "undo"))
    assert kernel.read("etc/docker/daemon.json") == '{"live-restore": false}'


def test_with_systemd_swap_is_made_at_each_boot(kernel: Kernel) -> None:
    (kernel.root / "run/systemd/system").mkdir(parents=True)
    (kernel.root / "etc/systemd/system").mkdir(parents=True)
    kernel.machine.command("bin/systemctl", f'echo "$*" >> {kernel.root}/systemctl')

    kernel.run("setup.sh", "apply")

    unit = kernel.read("etc/systemd/system/clawbot-swap.service")
    assert f"ExecStart=/bin/sh {kernel.machine.root}/deploy/host/swap.sh start" in unit
    assert "enable --quiet --now clawbot-swap.service" in kernel.read("systemctl")
    kernel.run("setup.sh", "undo")
    assert not (kernel.root / "etc/systemd/system/clawbot-swap.service").exists()


def test_who_is_not_root_is_told(kernel: Kernel) -> None:
    kernel.machine.command("bin/id", "echo 1000")

    assert "not root" in kernel.refused("setup.sh", "apply")
    assert "not root" in kernel.refused("swap.sh", "start")
    assert not Path(kernel.root / "var").exists()
