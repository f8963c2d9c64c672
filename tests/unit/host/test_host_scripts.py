"""What a bare machine lacks is one line that names it and the cure; nothing is touched before that is known."""

from __future__ import annotations

import hashlib
import shutil

from bare_machine import Machine


def test_an_engine_that_answers_is_left_alone(machine: Machine) -> None:
    machine.command(".venv/bin/python", "exit 0")
    machine.command("bin/apt-get", "touch $0.called")

    done = machine.run("engine.sh")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (machine.root / "etc").exists()


def test_not_root(machine: Machine) -> None:
    machine.command("bin/id", "echo 1000")

    done = machine.run("engine.sh")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "sudo make engine" in done.stderr


def test_no_space(machine: Machine) -> None:
    machine.command("bin/df", "echo head; echo disk 9 9 100 9% /")

    done = machine.run("engine.sh")

    assert done.stderr == "engine: 100 MB free below /var/lib, 6000 MB are needed: make room\n"


def test_an_engine_of_the_operators_own_is_not_replaced(machine: Machine) -> None:
    done = machine.run("engine.sh", {"DOCKER_HOST": "tcp://10.0.0.9:2376"})

    assert done.returncode == 1
    assert "tcp://10.0.0.9:2376" in done.stderr


def test_an_engine_that_cannot_start_says_its_own_reason(machine: Machine) -> None:
    machine.command("bin/dockerd", "echo 'failed to start daemon: no cgroups here'; exit 1")
    machine.command("bin/iptables", "exit 0")
    machine.command("bin/df", "echo head; echo disk 9 9 9000 9% /")
    machine.command("bin/systemctl", "exit 1")

    done = machine.run("engine.sh")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "does not start" in done.stderr
    assert '"live-restore": true' in (machine.root / "etc/daemon.json").read_text()


def test_a_missing_engine_is_installed_started_and_outlives_make(machine: Machine) -> None:
    machine.command(".venv/bin/python", f"test -e {machine.root}/socket")
    machine.command("bin/df", "echo head; echo disk 9 9 9000 9% /")
    machine.command("bin/iptables", "exit 0")
    started = f'echo "$*" > {machine.root}/socket; exec sleep 20'
    body = f"cat > {machine.root}/bin/dockerd <<'END'\n#!/bin/sh\n{started}\nEND\nchmod +x {machine.root}/bin/dockerd"
    machine.command("bin/apt-get", f'[ "$1" = update ] && exit 0\n{body}\necho "$*" > {machine.root}/installed')
    machine.command("bin/setsid", 'exec "$@"')

    done = machine.run("engine.sh", {"PATH": f"{machine.root}/bin:{_without(machine, 'dockerd')}"})

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "engine: answers"
    assert (machine.root / "installed").read_text().endswith("docker.io iptables\n")


def test_packages_that_cannot_be_installed(machine: Machine) -> None:
    machine.command("bin/df", "echo head; echo disk 9 9 9000 9% /")
    machine.command("bin/apt-get", "echo 'E: Unable to locate package docker.io' >&2; exit 100")

    done = machine.run("engine.sh", {"PATH": f"{machine.root}/bin:{_without(machine, 'dockerd')}"})

    assert done.returncode == 1
    assert "E: Unable to locate package docker.io" in done.stderr
    assert done.stderr.count("\n") == 1


def _without(machine: Machine, missing: str) -> str:
    """The system's commands but one."""
    plain = machine.root / "plain"
    plain.mkdir()
    for name in (
        "sh",
        "df",
        "awk",
        "grep",
        "head",
        "mktemp",
        "rm",
        "date",
        "sleep",
        "cat",
        "dirname",
        "chmod",
        "mkdir",
        "sed",
        "tail",
    ):
        if name != missing and (found := shutil.which(name)):
            (plain / name).symlink_to(found)
    return str(plain)


def test_an_environment_made_of_this_lock_file_is_left_alone(machine: Machine) -> None:
    for name in ("requirements.lock", "pyproject.toml"):
        (machine.root / name).write_text(name)
    (machine.root / ".venv/.made-from").write_text(hashlib.sha256(b"requirements.lockpyproject.toml").hexdigest())

    done = machine.run("venv.sh")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
