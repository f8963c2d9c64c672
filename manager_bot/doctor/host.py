"""The host's swap and kernel settings; each line says what a missing piece costs, in terms of the plans."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from manager_bot.doctor.check import Check, ok, warn
from manager_bot.errors import PlanTooSmall
from manager_bot.openclaw.footprint import Footprint
from manager_bot.plans import PLANS, Plan
from manager_bot.runtime.kernel import KernelFacts, kernel_facts
from manager_bot.services.sizing import Sizing

_CURE = "run `sudo make host` (deploy/host/README.md has the reasons)"
_DISKS_SWAPPINESS = 60
_REFUSES = 2


def look_at_kernel(root: Path = Path("/")) -> KernelFacts | None:
    """Nothing on a system that has no such files."""
    try:
        return kernel_facts(root)
    except (OSError, KeyError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class HostChecks:
    """The findings about one host for one image; ``sizing`` is what plans come to there as it is."""

    facts: KernelFacts
    needs: Footprint
    sizing: Sizing

    def all(self) -> list[Check]:
        """Swap, and how the kernel treats it."""
        return [self._swap(), self._accounting(), self._freezer(), *self._settings()]

    def _swap(self) -> Check:
        memory, packed = self.facts.memory, self.facts.compressed_mb
        if not memory.swap_mb:
            return warn("swap", f"none: {self._stopping()}{self._larger()}", _CURE)
        if not packed:
            line = (
                f"{memory.swap_mb} MiB on disk: agents wake more slowly than from compressed memory, and the disk wears"
            )
            return warn("swap", line, _CURE)
        shrunk = f", shrinks what is in it to 1/{self.facts.ratio:.1f}" if self.facts.ratio else ""
        line = f"{memory.swap_mb} MiB, {packed} of it compressed in memory{shrunk}; {memory.swap_free_mb} are free"
        if memory.swap_mb < memory.total_mb // 2:
            return warn("swap", f"{line}: once it is full {self._stopping()}", _CURE)
        return ok("swap", line)

    def _accounting(self) -> Check:
        if self.facts.counts_swap:
            return ok("swap limits", "an agent's memory and swap are counted and limited")
        return warn(
            "swap limits",
            "an agent's swap is not counted: a plan's memory is no limit, and one agent can fill the swap of all",
            "add swapaccount=1 (and cgroup_enable=memory) to the kernel's command line, and reboot",
        )

    def _freezer(self) -> Check:
        if self.facts.freezes:
            return ok("freezer", "an agent can be paused: asleep it uses no CPU")
        return warn(
            "freezer",
            f"the kernel cannot pause an agent: {self._stopping()}",
            "turn the cgroup freezer on (cgroup v2 from Linux 5.2 on, or CONFIG_CGROUP_FREEZER)",
        )

    def _settings(self) -> list[Check]:
        found = []
        if self.facts.compressed_mb:
            found += [self._swappiness(), self._page_cluster()]
        if self.facts.overcommit == _REFUSES:
            line = "2: Node may be refused address space that it never uses, and agents fail to start"
            found.append(warn("vm.overcommit_memory", line, "sysctl -w vm.overcommit_memory=0"))
        return found

    def _swappiness(self) -> Check:
        value = self.facts.swappiness
        if value is None or value > _DISKS_SWAPPINESS:
            return ok("vm.swappiness", f"{value}: idle agents' memory goes first")
        line = f"{value}: the program that awake agents run from goes before idle agents' memory, and answers slow down"
        return warn("vm.swappiness", line, _CURE)

    def _page_cluster(self) -> Check:
        value = self.facts.page_cluster
        if not value:
            return ok("vm.page-cluster", "0: waking unpacks what is needed")
        return warn("vm.page-cluster", f"{value}: waking unpacks {2**value} pages for each that is needed", _CURE)

    def _stopping(self) -> str:
        """What it costs to sleep by stopping, as measured with this image: a start before the first answer."""
        answer = self.needs.answer_seconds
        return (
            f"an agent sleeps by stopping, so its first answer takes {self.needs.seconds + answer:.0f} s or more "
            f"instead of about {answer:.0f}"
        )

    def _larger(self) -> str:
        """Which plans take more here than they would with swap."""
        larger = [line for plan in PLANS.values() if (line := self._raised(plan))]
        return f", and {' and '.join(larger)}" if larger else ""

    def _raised(self, plan: Plan) -> str:
        loose = replace(self.sizing, terms=replace(self.sizing.terms, strict=False))
        size = loose.size_of(plan)
        if not size.raised:
            return ""
        try:
            self.sizing.size_of(plan)
        except PlanTooSmall:
            return f"the {plan.name} plan is not offered"
        return f"the {plan.name} plan takes {size.memory_mb} MiB instead of {plan.memory_mb}"
