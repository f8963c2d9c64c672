"""The agent image, and what its measured needs make of the plans on this host."""

from __future__ import annotations

import asyncio

from manager_bot.config import Settings
from manager_bot.doctor.check import Check, fail, ok, warn
from manager_bot.errors import PlanTooSmall, RuntimeUnavailable
from manager_bot.openclaw.footprint import Footprint, footprint
from manager_bot.openclaw.image import image_tag
from manager_bot.plans import PLANS, Plan
from manager_bot.runtime.engine import EngineFacts, image_labels
from manager_bot.services.sizing import Sizing


async def check_image(settings: Settings, engine: EngineFacts | None) -> tuple[Check, Footprint | None]:
    """Whether the image is here, and its footprint."""
    ref = settings.agent_image or image_tag()
    try:
        labels = await asyncio.to_thread(image_labels, ref) if engine else None
    except RuntimeUnavailable:
        labels = None
    if labels is None:
        return fail("image", f"the agent image {ref} is not here", "run `clawbot image ensure`"), None
    needs = footprint(labels)
    if needs is None:
        return warn("image", f"{ref} is here, but was never measured", "run `clawbot image build`"), None
    return ok("image", f"{ref}: answers within {needs.memory_mb} MiB, ready in {needs.seconds:.0f} s"), needs


def check_memory(settings: Settings, engine: EngineFacts, needs: Footprint) -> list[Check]:
    """What each plan gets here, and whether the host has room for one agent of it."""
    sizing = Sizing(
        engine.memory_mb, engine.swap_mb, needs.memory_mb, settings.memory_overcommit, settings.strict_plans
    )
    return [_of_plan(plan, sizing) for plan in PLANS.values()]


def _of_plan(plan: Plan, sizing: Sizing) -> Check:
    name = f"plan {plan.name}"
    try:
        size = sizing.size_of(plan)
    except PlanTooSmall:
        return warn(
            name,
            f"not offered: {plan.memory_mb} MiB is under the image's {sizing.minimum_mb} MiB, and plans are strict",
            f"give the host {plan.swap_mb} MiB of swap for each agent, or unset CLAWBOT_STRICT_PLANS",
        )
    if size.memory_mb > sizing.total_mb:
        return fail(name, f"{size.memory_mb} MiB do not fit in this host's {sizing.total_mb} MiB", "use a larger host")
    room = sizing.total_mb // size.memory_mb
    if size.raised:
        return warn(
            name,
            f"runs with {size.memory_mb} MiB instead of {plan.memory_mb}: this host has {sizing.swap_mb} MiB of swap",
            f"add swap (zram), {plan.swap_mb} MiB for each agent; {room} fit as it is",
        )
    swap = f" and {size.swap_mb} MiB of swap" if size.swap_mb else ""
    return ok(name, f"{size.memory_mb} MiB{swap}; {room} fit on this host")
