"""Swap and kernel settings: what a missing piece costs, in terms of the plans."""

from __future__ import annotations

from dataclasses import replace

import pytest
from findings import by_name

from manager_bot.doctor import Verdict
from manager_bot.doctor.host import HostChecks, look_at_kernel
from manager_bot.openclaw.footprint import Footprint
from manager_bot.runtime.kernel import KernelFacts, MemoryNow
from manager_bot.services.capacity import HostMemory, Needs
from manager_bot.services.sizing import Sizing, Terms

NEEDS = Footprint(400, cpu_seconds=5, seconds=4, answer_seconds=1.3, awake_mb=358, asleep_mb=158)
READY = KernelFacts(
    memory=MemoryNow(16384, 9000, 16384, 12000),
    compressed_mb=16384,
    ratio=2.36,
    swappiness=100,
    page_cluster=0,
    overcommit=0,
    counts_swap=True,
    freezes=True,
)
BARE = replace(READY, memory=MemoryNow(16384, 9000, 0, 0), compressed_mb=0, ratio=None)


def checks_of(facts: KernelFacts, *, strict: bool = False) -> HostChecks:
    host = HostMemory.of(facts.memory.total_mb, facts.memory.swap_mb)
    return HostChecks(facts, NEEDS, Sizing(host, Needs(400, 358, 158), Terms(strict=strict)))


def test_a_host_that_was_set_up_stands():
    found = checks_of(READY).all()

    assert {check.verdict for check in found} == {Verdict.OK}
    line = by_name(found)["swap"].line
    assert line == "16384 MiB, 16384 of it compressed in memory, shrinks what is in it to 1/2.4; 12000 are free"


def test_this_host_can_be_looked_at():
    facts = look_at_kernel()
    assert facts is not None
    assert facts.counts_swap
    assert facts.freezes


@pytest.mark.parametrize(
    ("facts", "name", "said"),
    [
        (BARE, "swap", "so its first answer takes 5 s or more instead of about 1, and the free plan takes 400 MiB"),
        (replace(READY, compressed_mb=0), "swap", "16384 MiB on disk: agents wake more slowly"),
        (
            replace(READY, memory=MemoryNow(16384, 9000, 4096, 4096)),
            "swap",
            "once it is full an agent sleeps by stopping",
        ),
        (replace(READY, counts_swap=False), "swap limits", "one agent can fill the swap of all"),
        (replace(READY, freezes=False), "freezer", "an agent sleeps by stopping, so its first answer takes 5 s"),
        (replace(READY, swappiness=60), "vm.swappiness", "60: the program that awake agents run from goes before"),
        (replace(READY, page_cluster=3), "vm.page-cluster", "3: waking unpacks 8 pages for each that is needed"),
        (replace(READY, overcommit=2), "vm.overcommit_memory", "agents fail to start"),
    ],
)
def test_what_a_missing_piece_costs(facts: KernelFacts, name: str, said: str):
    found = by_name(checks_of(facts).all())[name]

    assert found.verdict is Verdict.WARN
    assert said in found.line
    assert found.cure


def test_strict_plans_without_swap_are_not_offered():
    assert by_name(checks_of(BARE, strict=True).all())["swap"].line.endswith("and the free plan is not offered")
