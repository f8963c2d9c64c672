"""What a plan's memory comes to on this host with this image."""

from __future__ import annotations

from dataclasses import dataclass

from manager_bot.errors import NoMemory, PlanTooSmall
from manager_bot.plans import PLANS, Plan, PlanName, plan_of
from models import Agent


@dataclass(frozen=True, slots=True)
class Size:
    """An agent's memory and swap in MiB; ``raised`` where the plan's own memory would not do here."""

    memory_mb: int
    swap_mb: int
    raised: bool


@dataclass(frozen=True, slots=True)
class Sizing:
    """Plan limits made real: what the host has, what the image needs.

    ``minimum_mb`` is the least memory at which the image was measured to answer without swap, ``memory_mb`` and
    ``swap_mb`` are the host's, all MiB; ``overcommit`` is the part of the host's memory that plans may add up to.
    """

    memory_mb: int
    swap_mb: int
    minimum_mb: int
    overcommit: float
    strict: bool

    def size_of(self, plan: Plan) -> Size:
        """What an agent of *plan* gets here; raises :class:`PlanTooSmall` with strict plans."""
        if plan.memory_mb >= self.minimum_mb:
            return Size(plan.memory_mb, 0, raised=False)
        if self.swap_mb >= plan.swap_mb > 0 and plan.memory_mb + plan.swap_mb >= self.minimum_mb:
            return Size(plan.memory_mb, plan.swap_mb, raised=False)
        if self.strict:
            raise PlanTooSmall(plan=plan.name.value, needed_mb=self.minimum_mb)
        return Size(self.minimum_mb, 0, raised=True)

    @property
    def total_mb(self) -> int:
        """How much all agents together may be promised."""
        return int(self.memory_mb * self.overcommit)

    async def promised_mb(self) -> int:
        """What the agents there are were promised, whether they run or not."""
        plans = await Agent.all().values_list("user__plan", flat=True)
        return sum(self.size_of(plan_of(str(plan))).memory_mb for plan in plans)

    async def admit(self, plan: Plan) -> None:
        """Return if one more agent of *plan* fits; raises :class:`NoMemory` or :class:`PlanTooSmall`."""
        size = self.size_of(plan)
        free = self.total_mb - await self.promised_mb()
        if size.memory_mb > free:
            raise NoMemory(needed_mb=size.memory_mb, free_mb=max(free, 0))

    async def room(self) -> dict[PlanName, int]:
        """How many more agents of each plan fit, each plan taken alone."""
        free = max(self.total_mb - await self.promised_mb(), 0)
        return {name: free // self._size_or_plan(plan) for name, plan in PLANS.items()}

    def _size_or_plan(self, plan: Plan) -> int:
        try:
            return self.size_of(plan).memory_mb
        except PlanTooSmall:
            return self.total_mb + 1
