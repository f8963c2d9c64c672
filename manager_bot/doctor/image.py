"""The agent image, and what its measured needs make of the plans on this host."""

from __future__ import annotations

import asyncio

from manager_bot.config import Settings
from manager_bot.doctor.check import Check, fail, ok, warn
from manager_bot.errors import PlanTooSmall, RuntimeUnavailable
from manager_bot.openclaw.footprint import Footprint, footprint
from manager_bot.openclaw.image import BASE_LABEL, image_tag
from manager_bot.openclaw.official import full_name
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
    base = labels.get(BASE_LABEL, "")
    made = f"{ref} (from {base})" if base else ref
    line = f"{made}: answers within {needs.memory_mb} MiB, ready in {needs.seconds:.0f} s"
    if settings.official_image and base != full_name(settings.official_image) and not settings.agent_image:
        return warn("image", f"{line}; not from CLAWBOT_OFFICIAL_IMAGE", "run `clawbot image pull`"), needs
    return ok("image", line), needs


def check_memory(sizing: Sizing) -> list[Check]:
    """What each plan gets here and how many agents of it fit."""
    return [_budget(sizing), *(_of_plan(plan, sizing) for plan in PLANS.values())]


def _budget(sizing: Sizing) -> Check:
    host, needs, terms = sizing.host, sizing.needs, sizing.terms
    line = (
        f"{sizing.total_mb} of {host.memory_mb} MiB are for agents, {host.reserve_mb} are kept; one takes "
        f"{needs.awake_mb} awake and {needs.asleep_mb if host.swap_mb else 0} asleep; {terms.awake:.0%} of those "
        "that may sleep are expected awake at once"
    )
    if terms.overcommit > 1:
        return warn(
            "capacity",
            f"{line}; over-committed by {terms.overcommit:g}: agents may be put to sleep while somebody waits",
            "set CLAWBOT_MEMORY_OVERCOMMIT=1.0",
        )
    return ok("capacity", line)


def _of_plan(plan: Plan, sizing: Sizing) -> Check:
    name = f"plan {plan.name}"
    try:
        fit = sizing.fit_of(plan)
    except PlanTooSmall:
        return warn(
            name,
            f"not offered: {plan.memory_mb} MiB is under the image's {sizing.needs.minimum_mb}, and plans are strict",
            f"give the host {plan.swap_mb} MiB of swap for each agent, or unset CLAWBOT_STRICT_PLANS",
        )
    size = fit.size
    if fit.in_all == 0:
        return fail(name, f"{size.memory_mb} MiB do not fit in this host's {sizing.total_mb} MiB", "use a larger host")
    places = f"{fit.in_all} fit, {fit.at_once} of them awake at once"
    if size.raised:
        return warn(
            name,
            f"takes {size.memory_mb} MiB instead of {plan.memory_mb}: this host has {sizing.host.swap_mb} MiB of swap; "
            f"{places}",
            "add compressed swap: run `sudo make host`",
        )
    swap = f" and {size.swap_mb} MiB of swap" if size.swap_mb else ""
    return ok(name, f"{size.memory_mb} MiB{swap}; {places}")
