"""How far this kernel's compressed swap shrinks a process's memory, tried on real processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from manager_bot.runtime.compression import pack

_MIB = 1 << 20
_SIZE_MB = 64


@contextmanager
def holding(what: str) -> Iterator[int]:
    """A process that holds 64 MiB of *what*; its id."""
    program = f"import os,sys; held = {what}; print('ready', flush=True); sys.stdin.read()"
    process = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.communicate()


@pytest.mark.parametrize(
    ("what", "least", "most"),
    [
        (f"os.urandom({_SIZE_MB} << 20)", 0.85, 1.1),
        (f"b'the same words again and again, as in a log. ' * ({_SIZE_MB << 20} // 45)", 0.0, 0.35),
    ],
)
def test_random_memory_stays_and_words_shrink(what: str, least: float, most: float) -> None:
    with holding(what) as pid:
        packed = pack([pid])

    assert packed is not None
    assert packed.plain > _SIZE_MB * _MIB
    assert least < packed.share < most


def test_a_process_that_gives_memory_back_meanwhile_is_weighed_all_the_same() -> None:
    program = (
        "print('ready', flush=True)\nwhile True:\n    held = [bytearray(1 << 22) for _ in range(8)]\n    del held\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)  # noqa: S603 - our own words
    assert process.stdout is not None
    process.stdout.readline()
    try:
        assert all(pack([process.pid]) is not None for _ in range(5))
    finally:
        process.kill()
        process.communicate()


def test_a_process_that_is_gone_has_no_weight_and_no_device_stays() -> None:
    before = {one.name for one in Path("/sys/block").iterdir()}
    with holding("b''") as pid:
        pass

    assert pack([pid]) is None
    assert {one.name for one in Path("/sys/block").iterdir()} <= before
