"""What a plan's memory comes to on this host with this image, and how many agents fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from manager_bot.errors import NoMemory, PlanTooSmall
from manager_bot.plans import PLANS, Plan, PlanName, plan_of
from manager_bot.services.capacity import Cost, HostMemory, Load, Needs, awake_at_once, cost, fits, room
from models import Agent

SLEEPERS = frozenset(name for name, plan in PLANS.items() if plan.sleep_after is not None)
"""The plans whose agents are put to sleep when they are idle."""


@dataclass(frozen=True, slots=True)
class Size:
    """An agent's memory and swap in MiB; ``raised`` where the plan's own memory would not do here."""

    memory_mb: int
    swap_mb: int
    raised: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator decides: see ``.env.example``. ``awake`` is the share of sleepers expected awake at once."""

    overcommit: float = 1.0
    awake: float = 0.5
    strict: bool = False
    sleepers: frozenset[PlanName] = SLEEPERS


@dataclass(frozen=True, slots=True)
class Fit:
    """One plan on this host: what an agent of it gets and costs; ``in_all`` counts what fits of it on the empty host,
    ``at_once`` how many of those have room to be awake at the same moment, ``more`` what still fits beside the agents
    there are.
    """

    plan: Plan
    size: Size
    cost: Cost
    in_all: int
    at_once: int
    more: int


@dataclass(frozen=True, slots=True)
class Sizing:
    """Plan limits made real: what the host has, what the image needs. ``places`` is how many agents there may be."""

    host: HostMemory
    needs: Needs
    terms: Terms = Terms()
    places: int = 50

    def size_of(self, plan: Plan) -> Size:
        """What an agent of *plan* gets here; raises :class:`PlanTooSmall` with strict plans."""
        minimum_mb = self.needs.minimum_mb
        if plan.memory_mb >= minimum_mb:
            return Size(plan.memory_mb, 0, raised=False)
        if self.host.swap_mb >= plan.swap_mb > 0 and plan.memory_mb + plan.swap_mb >= minimum_mb:
            return Size(plan.memory_mb, plan.swap_mb, raised=False)
        if self.terms.strict:
            raise PlanTooSmall(plan=plan.name.value, needed_mb=minimum_mb)
        return Size(minimum_mb, 0, raised=True)

    def cost_of(self, plan: Plan) -> Cost:
        """What an agent of *plan* costs here; raises :class:`PlanTooSmall`."""
        size, awake = self.size_of(plan), self.terms.awake if plan.name in self.terms.sleepers else 1.0
        return cost(self.needs, size.memory_mb, size.swap_mb, swap=self.host.swap_mb > 0, awake=awake)

    @property
    def total_mb(self) -> int:
        """How much all agents together may be expected to take."""
        return int(self.host.for_agents_mb * self.terms.overcommit)

    def fit_of(self, plan: Plan, there: Iterable[Plan] = ()) -> Fit:
        """How many agents of *plan* fit here, beside the agents of the plans *there*; raises :class:`PlanTooSmall`."""
        size, one, others = self.size_of(plan), self.cost_of(plan), list(there)
        in_all = self._room(Load(), one, size, self.places)
        more = self._room(self._load(others), one, size, self.places - len(others))
        return Fit(plan, size, one, in_all, awake_at_once(in_all, one, self.host), more)

    def fits_of(self, there: Iterable[Plan] = ()) -> list[Fit]:
        """Every plan that can be had here."""
        found, others = [], list(there)
        for plan in PLANS.values():
            try:
                found.append(self.fit_of(plan, others))
            except PlanTooSmall:
                continue
        return found

    async def expected_mb(self) -> int:
        """What the agents there are are expected to take."""
        return round(self._load(await plans_there()).expected_mb)

    async def admit(self, plan: Plan) -> None:
        """Return if one more agent of *plan* fits; raises :class:`NoMemory` or :class:`PlanTooSmall`."""
        there = await plans_there()
        if not self._admits(self._load([*there, plan]), self.size_of(plan)):
            free = self.total_mb - self._load(there).expected_mb
            raise NoMemory(needed_mb=round(self.cost_of(plan).expected_mb), free_mb=max(round(free), 0))

    async def room(self) -> dict[PlanName, int]:
        """How many more agents of each plan fit, each plan taken alone."""
        more = {fit.plan.name: fit.more for fit in self.fits_of(await plans_there())}
        return {name: more.get(name, 0) for name in PLANS}

    def _room(self, load: Load, one: Cost, size: Size, places: int) -> int:
        if size.memory_mb > self.total_mb:
            return 0
        return max(0, min(room(load, one, self.host, self.terms.overcommit), places))

    def _admits(self, load: Load, size: Size) -> bool:
        return size.memory_mb <= self.total_mb and fits(load, self.host, self.terms.overcommit)

    def _load(self, plans: Iterable[Plan]) -> Load:
        return Load.of(self._cost_or_size(plan) for plan in plans)

    def _cost_or_size(self, plan: Plan) -> Cost:
        """An agent admitted on other terms still takes what it takes."""
        try:
            return self.cost_of(plan)
        except PlanTooSmall:
            return Cost(self.needs.minimum_mb, self.needs.minimum_mb, 0.0, 1.0)


async def plans_there() -> list[Plan]:
    """The plan of each agent there is, whether it runs or not."""
    return [plan_of(str(plan)) for plan in await Agent.all().values_list("user__plan", flat=True)]
